const LONGEST = 80;

/** Control, bidirectional and separator characters that JSON leaves alone but a terminal or a reader does not. */
const TREACHEROUS = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Shows text from outside in a message: in quotes, at most 80 characters, nothing that a terminal acts on. */
export function quote(text: string): string {
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return JSON.stringify(shown).replace(TREACHEROUS, makeVisible);
}

/** Makes visible what a terminal or a page would act on instead of showing it, and leaves all else as it is. */
export function disarm(text: string): string {
  return text
    .replace(TREACHEROUS, makeVisible)
    .replace(/(?![\t\n])\p{Cc}/gu, makeVisible)
    .toWellFormed();
}

function makeVisible(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
