/**
 * Becomes another user and then is the script that follows: `as-user.ts <user as JSON> <script> [arguments]`. Unlike
 * spawn(2)'s uid and gid of Node, it can be in further groups and have another umask. Root only.
 */
import { pathToFileURL } from 'node:url';
import type { OtherUser } from './other-user.ts';

const [program = '', , text = '', script = '', ...args] = process.argv;
const { uid, gid, groups, umask } = JSON.parse(text) as OtherUser;
process.setgroups?.([...groups]);
process.setgid?.(gid);
process.setuid?.(uid);
process.umask(umask);
process.argv = [program, script, ...args];
await import(pathToFileURL(script).href);
