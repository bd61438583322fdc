import { BlockList, isIP } from 'node:net';
import { UpdateError } from '../errors.ts';
import { quote } from '../quote.ts';

/**
 * Tells whether an address is that of a proxy whose `X-Forwarded-For` is believed.
 *
 * @param proxies addresses and networks such as `10.0.0.0/8`
 * @throws UpdateError `usage` for anything else
 */
export function makeProxyTest(proxies: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const proxy of proxies) {
    const [network = '', bits, ...rest] = proxy.split('/');
    const family = isIP(network);
    const width = bits === undefined ? null : Number(bits);
    const widest = family === 6 ? 128 : 32;
    const isWidth = width === null || (/^\d{1,3}$/.test(bits ?? '') && width > 0 && width <= widest);
    if (family === 0 || rest.length > 0 || !isWidth) {
      const message = `${quote(proxy)} is not the address of a proxy. Write an address, or a network such as 10.0.0.0/8; one that takes in everybody (/0) would let any client choose its own address.`;
      throw new UpdateError('usage', message, { details: { proxy } });
    }
    const type = family === 6 ? 'ipv6' : 'ipv4';
    if (width === null) list.addAddress(network, type);
    else list.addSubnet(network, width, type);
  }
  return (address) => {
    // How an IPv4 client shows on a socket that listens for both.
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
    const family = isIP(plain);
    return family !== 0 && list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
  };
}
