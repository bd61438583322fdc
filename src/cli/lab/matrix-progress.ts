import { Presets, SingleBar } from 'cli-progress';

export interface MatrixProgress {
  show(done: number, total: number): void;
  end(): void;
}

/** Milliseconds between two JSON lines. */
const JSON_INTERVAL = 500;

/** A bar on a terminal, JSON lines with `--json`, nothing where people read a file afterwards. */
export function openMatrixProgress(isJson: boolean): MatrixProgress {
  if (isJson) return jsonLines();
  return process.stderr.isTTY ? bar() : { show: () => undefined, end: () => undefined };
}

function jsonLines(): MatrixProgress {
  let last = Number.NEGATIVE_INFINITY;
  return {
    show: (done, total) => {
      const now = performance.now();
      if (now - last < JSON_INTERVAL && done < total) return;
      last = now;
      process.stderr.write(`${JSON.stringify({ event: 'progress', done, total })}\n`);
    },
    end: () => undefined,
  };
}

function bar(): MatrixProgress {
  // A line that wraps cannot be drawn over.
  const isWide = process.stderr.columns >= 80;
  const shown = new SingleBar(
    {
      format: isWide ? '  {bar} {value} of {total} cells{left}' : '  {bar} {percentage} %',
      barsize: isWide ? 40 : 12,
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
    },
    Presets.shades_classic,
  );
  let startedAt: number | null = null;
  return {
    show: (done, total) => {
      if (startedAt === null) shown.start(total, done, { left: '' });
      startedAt ??= performance.now();
      const elapsed = performance.now() - startedAt;
      shown.update(done, { left: describeRest(elapsed, done, total) });
    },
    end: () => shown.stop(),
  };
}

/** Nothing while too little has been done to tell. */
function describeRest(elapsed: number, done: number, total: number): string {
  if (elapsed < 2000) return '';
  return `, ${Math.ceil(((elapsed / done) * (total - done)) / 1000)} s left`;
}
