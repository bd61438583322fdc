/**
 * The application that is updated, as far as its updater has to know it. Electron's is in src/electron; tests bring
 * their own.
 */
export interface Application {
  readonly name: string;
  /** False while it is run by a developer, who is not offered updates. */
  readonly isPackaged: boolean;
  /**
   * The last moments of a quit that nothing can refuse any more: windows are closed. What the listener does has to
   * be done when it returns; where it calls `exit`, nothing else runs.
   */
  onQuit(listener: () => void): void;
  /** A quit that was begun will not come: the person, a window or a handler of the application decided against it. */
  onQuitRefused(listener: () => void): void;
  /** Asks the application to quit, as the person would. */
  quit(): void;
  /** Ends the process at once. */
  exit(status: number): void;
  /** Shows a notification of the system. */
  notify(notification: { readonly title: string; readonly body: string }): void;
}
