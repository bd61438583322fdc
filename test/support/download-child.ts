import { type DownloadRequest, download } from '../../src/download/download.ts';

// Downloads in a process of its own, to be killed: node download-child.ts <request as JSON>.
const request: DownloadRequest = JSON.parse(process.argv[2] ?? '');
await download(request);
