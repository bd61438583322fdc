import { openNetwork } from '../network.ts';
import type { ClientSpec } from '../scenario/scenario.ts';
import { openAppcastClient } from './appcast-client.ts';
import type { LabClient, LabWorld } from './client.ts';
import { openManifestClient } from './manifest-client.ts';
import { openOurs } from './ours.ts';

/** The updater of a person, by its model: ours as it is, and the others as they are described. */
export function openClient(spec: ClientSpec, world: LabWorld): LabClient {
  switch (spec.model) {
    case 'ours':
      return openOurs(world);
    case 'manifest':
      return openManifestClient(spec, world, openNetwork(world.host, world.trace));
    case 'appcast':
      return openAppcastClient(world, openNetwork(world.host, world.trace));
  }
}
