import Table from 'cli-table3';

/** Columns between two columns of a table without lines. */
export const GAP = 2;

/** A table without lines. Colours are the terminal's matter, which knows whether there is one. */
export function plainTable({ gap = GAP, ...options }: PlainTableOptions = {}): Table.Table {
  return new Table({ ...options, chars: { ...NO_LINES, middle: ' '.repeat(gap) }, style: PLAIN });
}

interface PlainTableOptions extends Omit<Table.TableConstructorOptions, 'chars' | 'style'> {
  /** Columns between two columns. */
  readonly gap?: number;
}

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
};
const PLAIN = { head: [], border: [], 'padding-left': 0, 'padding-right': 0 };
