import { styleText } from 'node:util';
import { Presets, SingleBar } from 'cli-progress';
import { describeFailure } from '../check-report.ts';
import type { Unforeseen } from '../errors.ts';
import type { DownloadProgress } from '../progress.ts';

type Style = Parameters<typeof styleText>[0];

/** Where a command's words go: people read both streams, machines one JSON document on stdout. */
export interface Terminal {
  readonly isJson: boolean;
  /** A line of the result, for people. */
  say(text: string): void;
  /** What is going on, for people; a JSON line on stderr for machines. */
  step(name: string, text: string): void;
  warn(text: string): void;
  progress(progress: DownloadProgress): void;
  /** Ends a progress bar, if one is shown. */
  endProgress(): void;
  /** The one document that `--json` prints. */
  result(document: unknown): void;
  style(style: Style, text: string): string;
}

/** @param isJson whether `--json` was given */
export function openTerminal(isJson: boolean): Terminal {
  let bar: SingleBar | null = null;
  const note = (document: unknown): void => void process.stderr.write(`${JSON.stringify(document)}\n`);
  const endProgress = (): void => {
    bar?.stop();
    bar = null;
  };
  return {
    isJson,
    say: (text) => {
      if (!isJson) process.stdout.write(`${text}\n`);
    },
    step: (name, text) => {
      endProgress();
      if (isJson) note({ event: 'step', step: name });
      else process.stderr.write(`  ${paint('dim', text, process.stderr)}\n`);
    },
    warn: (text) => {
      endProgress();
      if (isJson) note({ event: 'warning', message: text });
      else process.stderr.write(`  ${paint('yellow', 'Warning:', process.stderr)} ${text}\n`);
    },
    progress: (progress) => {
      if (isJson) return note({ event: 'progress', ...progress });
      if (!process.stderr.isTTY) return;
      bar ??= startBar(progress.total);
      bar.update(progress.transferred, describe(progress));
    },
    endProgress,
    result: (document) => {
      if (isJson) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    },
    style: (style, text) => paint(style, text, process.stdout),
  };
}

/** Prints a failure as a sentence or as the error document, and gives the exit status. */
export function reportFailure(error: unknown, isJson: boolean, unforeseen?: Unforeseen): number {
  const { document, sentence, status } = describeFailure(error, unforeseen);
  if (isJson) process.stdout.write(`${document}\n`);
  else process.stderr.write(`${paint('red', 'Error:', process.stderr)} ${sentence}\n`);
  return status;
}

export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return unit === 0 ? `${value} bytes` : `${value.toFixed(1)} ${units[unit]}`;
}

function paint(style: Style, text: string, stream: NodeJS.WriteStream): string {
  return styleText(style, text, { stream });
}

function startBar(total: number): SingleBar {
  // A line that wraps cannot be drawn over.
  const isWide = process.stderr.columns >= 100;
  const bar = new SingleBar(
    {
      format: isWide
        ? '  {bar} {percentage} %  {done} of {all}  {speed}  {left}'
        : '  {bar} {percentage} %  {left}',
      barsize: isWide ? 40 : 12,
      stream: process.stderr,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0, { done: '0 bytes', all: formatBytes(total), speed: '', left: '' });
  return bar;
}

function describe({ transferred, total, bytesPerSecond, secondsLeft }: DownloadProgress): object {
  return {
    done: formatBytes(transferred),
    all: formatBytes(total),
    speed: `${formatBytes(bytesPerSecond)}/s`,
    left: secondsLeft === null ? '' : `${Math.ceil(secondsLeft)} s left`,
  };
}
