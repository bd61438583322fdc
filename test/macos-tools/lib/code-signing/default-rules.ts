import type { PropertyList } from './property-list.ts';

const CODE_FOLDERS =
  '^(Frameworks|SharedFrameworks|PlugIns|Plug-ins|XPCServices|Helpers|MacOS|Library/(Automator|Spotlight|LoginItems))/';

/**
 * The rules that Apple's signer writes for a bundle (those of the DevSignedApp fixture; Security's
 * bundlediskrep.cpp). `rules` is for systems before OS X 10.9.
 *
 * @param resources `Resources/`, or empty for a flat bundle
 */
export function defaultRules(resources: string): {
  readonly rules: PropertyList;
  readonly rules2: PropertyList;
} {
  const top = resources === '' ? '^.*' : `^${resources}`;
  const localized = {
    [`^${resources}.*\\.lproj/`]: { optional: true, weight: 1000 },
    [`^${resources}.*\\.lproj/locversion.plist$`]: { omit: true, weight: 1100 },
    [`^${resources}Base\\.lproj/`]: { weight: 1010 },
  };
  const rules2 = {
    '.*\\.dSYM($|/)': { weight: 11 },
    '^(.*/)?\\.DS_Store$': { omit: true, weight: 2000 },
    '^.*': true,
    '^Info\\.plist$': { omit: true, weight: 20 },
    '^PkgInfo$': { omit: true, weight: 20 },
    '^embedded\\.provisionprofile$': { weight: 20 },
    '^version\\.plist$': { weight: 20 },
    ...localized,
  };
  return {
    rules: { [top]: true, '^version.plist$': true, ...localized },
    rules2:
      resources === ''
        ? rules2
        : {
            ...rules2,
            [CODE_FOLDERS]: { nested: true, weight: 10 },
            [`^${resources}`]: { weight: 20 },
            '^[^/]+$': { nested: true, weight: 10 },
          },
  };
}
