import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface QaTableProps {
  readonly title: string;
  /** Where there are no rows. */
  readonly none: string;
  readonly columns: readonly string[];
  /** As many cells as there are columns. */
  readonly rows: readonly (readonly ComponentChildren[])[];
}

/** A heading and a table, which scrolls by itself where it is too wide. */
export function QaTable({ title, none, columns, rows }: QaTableProps) {
  const id = useId();
  return (
    <>
      <h3 id={id}>{title}</h3>
      {rows.length === 0 ? (
        <p>{none}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keyboard can scroll it
        <section class="scroller" aria-labelledby={id} tabIndex={0}>
          <table aria-labelledby={id}>
            <thead>
              <tr>
                {columns.map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((cells, row) => (
                <tr key={row}>
                  {cells.map((cell, column) => (
                    <td key={column}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </>
  );
}
