import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { HostileWorld } from '../support/hostile-world.ts';
import { ADMIN, ALICE, CAN_BE_OTHERS, NEEDS_OTHERS, STAFF } from '../support/other-user.ts';

/** What a process of a user does who may write beside the target and owns the download, in the words of sh. */
const ACTS: Readonly<Record<string, (world: HostileWorld) => string>> = {
  'writes into the verified download': ({ file, evil }) => `cat ${evil}/update > ${file}`,
  'puts another file in place of the download': ({ file, evil }) =>
    `cp ${evil}/update ${file}.other; mv ${file}.other ${file}`,
  'makes the download a link to a file of root': ({ file, victim }) => `ln -sf ${victim} ${file}`,
  'makes the download grow': ({ file }) => `head -c 3000000 /dev/zero >> ${file}`,
  'puts another folder in place of the staging folder': ({ applications, evil }) =>
    `cd ${applications}; for d in .Nexy-update-*; do [ -d "$d" ] || continue
     mv "$d" "$d.away"; mkdir -m 700 "$d"; cp -a ${evil}/Nexy.app "$d/new"; cp -a ${evil}/Nexy.app "$d/old"; done`,
  'makes the staging folder a link': ({ applications, evil }) =>
    `cd ${applications}; for d in .Nexy-update-*; do [ -d "$d" ] || continue
     mv "$d" "$d.away"; cp -a ${evil}/Nexy.app ${evil}/new; ln -s ${evil} "$d"; done`,
  'makes the journal a link to a file of root': ({ applications, victim }) =>
    `cd ${applications}; for j in .Nexy-update-*.journal; do mv "$j" "$j.away"; ln -s ${victim} "$j"; done
     ln -s ${victim} .Nexy-update-0mab12345deadbeef.journal`,
  'puts another app in place of the target': ({ applications, evil }) =>
    `cd ${applications}; mv Nexy.app Nexy.app.away; cp -a ${evil}/Nexy.app Nexy.app`,
  'makes the target a link': ({ applications, evil }) =>
    `cd ${applications}; mv Nexy.app Nexy.app.away; ln -s ${evil}/Nexy.app Nexy.app`,
  'puts another folder in place of the folder of the app': ({ folder, evil }) =>
    `cd ${folder}; mv Applications Applications.away; mkdir Applications; cp -a ${evil}/Nexy.app Applications/`,
  'makes the folder of the app a link': ({ folder, evil }) =>
    `cd ${folder}; mv Applications Applications.away; ln -s ${evil} Applications`,
  'leaves what looks like an install that was cut off': ({ applications, evil }) =>
    `cd ${applications}; mkdir -m 700 .Nexy-update-0maaaaaaadeadbeef; cp -a ${evil}/Nexy.app .Nexy-update-0maaaaaaadeadbeef/old
     echo '{"step":"installing","at":"x"}' > .Nexy-update-0maaaaaaadeadbeef.journal`,
  "reaches for root's own copy": ({ evil }) =>
    `for w in /tmp/nexy-updater.*; do mv "$w" "$w.away"; rm -rf "$w"; cp ${evil}/update "$w/update.dmg"; done`,
};

/** A package is a file, a copy aside and a journal; the Installer itself goes by names. */
const ACTS_ON_PACKAGES = Object.entries(ACTS).filter(([name]) => /download|journal|cut off|copy/.test(name));

describe.skipIf(!CAN_BE_OTHERS).each([
  ['dmg', Object.entries(ACTS)],
  ['pkg', ACTS_ON_PACKAGES],
] as const)(
  `root never installs other bytes from a %s, when at any moment an attacker${NEEDS_OTHERS}`,
  (kind, acts) => {
    it.each(acts)('%s', async (_, act) => {
      const first = new HostileWorld(kind);
      const { answer, calls } = await first.run('', 0);
      first.close();
      expect(answer).toBe('exchanged\n');
      const results: string[] = [];
      const tryMoments = async (from: number): Promise<void> => {
        for (let moment = from; moment <= calls; moment += 2) {
          const world = new HostileWorld(kind);
          try {
            const run = await world.run(act(world), moment);
            for (const fault of world.faults(true)) results.push(`at call ${moment}: ${fault}`);
            if (!/^exchanged$|^nexy-updater: [a-z0-9-]+: /m.test(run.answer))
              results.push(`at call ${moment} it answered: ${run.answer}`);
          } finally {
            world.close();
          }
        }
      };
      await Promise.all([tryMoments(1), tryMoments(2)]);
      expect(results).toEqual([]);
    });
  },
);

describe.skipIf(!CAN_BE_OTHERS)(`root never installs other bytes, when an attacker${NEEDS_OTHERS}`, () => {
  it('does all of it again and again, as fast as it can', async () => {
    for (let round = 0; round < 12; round += 1) {
      const world = new HostileWorld(round % 2 === 0 ? 'dmg' : 'pkg');
      const acts = Object.values(ACTS).map((act) => act(world));
      const restore = `cd ${world.applications} 2>/dev/null && mv Nexy.app.away/* . ; mv ${world.folder}/Applications.away ${world.folder}/Applications`;
      const script = join(world.folder, 'hammer');
      // Each act alone for a while, so that they do not spoil one another's chances.
      const act = acts[round % acts.length] ?? '';
      writeFileSync(script, `while :; do ( ${act} ); ${restore}; done`);
      const hammer = spawn(
        'setpriv',
        [`--reuid=${ALICE.uid}`, `--regid=${STAFF}`, `--groups=${ADMIN}`, 'sh', script],
        { stdio: 'ignore', detached: true },
      );
      try {
        for (let count = 0; count < 3; count += 1) await world.run('', 0);
      } finally {
        await endGroup(hammer.pid);
      }
      const faults = world.faults(false);
      world.close();
      expect(faults).toEqual([]);
    }
  });
});

/** Ends a group of processes, and waits for the last of them. */
async function endGroup(pid: number | undefined): Promise<void> {
  if (pid === undefined) throw new Error('The attacker did not start.');
  try {
    for (;;) {
      process.kill(-pid, 'SIGKILL');
      await wait(10);
    }
  } catch {
    // No such group any more.
  }
}
