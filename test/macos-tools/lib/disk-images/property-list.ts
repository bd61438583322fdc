export type PropertyListValue =
  | string
  | number
  | boolean
  | readonly PropertyListValue[]
  | { readonly [key: string]: PropertyListValue };

/** An XML property list in the layout of Apple's own writer: tabs, keys sorted. */
export function writePropertyList(value: PropertyListValue): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    ...lines(value, ''),
    '</plist>',
    '',
  ].join('\n');
}

function lines(value: PropertyListValue, indent: string): readonly string[] {
  if (typeof value === 'string') return [`${indent}<string>${escapeText(value)}</string>`];
  if (typeof value === 'number')
    return [
      Number.isInteger(value) ? `${indent}<integer>${value}</integer>` : `${indent}<real>${value}</real>`,
    ];
  if (typeof value === 'boolean') return [`${indent}<${value}/>`];
  if (isArray(value)) {
    if (value.length === 0) return [`${indent}<array/>`];
    return [`${indent}<array>`, ...value.flatMap((item) => lines(item, `${indent}\t`)), `${indent}</array>`];
  }
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return [`${indent}<dict/>`];
  return [
    `${indent}<dict>`,
    ...entries.flatMap(([key, item]) => [
      `${indent}\t<key>${escapeText(key)}</key>`,
      ...lines(item, `${indent}\t`),
    ]),
    `${indent}</dict>`,
  ];
}

function isArray(value: PropertyListValue): value is readonly PropertyListValue[] {
  return Array.isArray(value);
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
