/**
 * A Markdown text with other content between `<!-- name -->` and `<!-- end of name -->`.
 *
 * @throws Error where the two marks are not there
 */
export function replaceSection(text: string, name: string, content: string): string {
  const start = `<!-- ${name} -->`;
  const end = `<!-- end of ${name} -->`;
  const [before, rest] = text.split(start);
  const [, after] = rest?.split(end) ?? [];
  if (before === undefined || after === undefined) throw new Error(`the document has no section "${name}"`);
  return `${before}${start}\n\n${content}\n\n${end}${after}`;
}
