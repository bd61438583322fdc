import { useRef, useState } from 'preact/hooks';

interface CommandBlockProps {
  readonly command: string;
  /** What is copied, as the button's name ends. */
  readonly label: string;
}

/** Something to type, with a button that copies it. */
export function CommandBlock({ command, label }: CommandBlockProps) {
  const code = useRef<HTMLElement>(null);
  const [notice, setNotice] = useState('');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(command);
      setNotice('Copied');
    } catch {
      // Not every browser lets a page that was opened from disk do it.
      if (code.current !== null) getSelection()?.selectAllChildren(code.current);
      setNotice('Selected: copy it with ⌘C or Ctrl+C');
    }
  };
  return (
    <div class="command">
      <pre>
        <code ref={code}>{command}</code>
      </pre>
      <button type="button" aria-label={`Copy ${label}`} onClick={() => void copy()}>
        Copy
      </button>
      <span role="status" class="note">
        {notice}
      </span>
    </div>
  );
}
