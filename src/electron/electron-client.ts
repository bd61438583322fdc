import type {
  BrowserWindowConstructorOptions,
  MenuItemConstructorOptions,
  MessageBoxOptions,
  MoveToApplicationsFolderOptions,
  NotificationConstructorOptions,
} from 'electron';

/**
 * What is used of Electron's main process, and nothing else: `typeof import('electron')` is assignable to it, which
 * main.ts proves at compile time, and so is the tests' stand-in.
 */
export interface ElectronMain {
  readonly app: AppLike;
  readonly autoUpdater: { emit(name: string): boolean };
  readonly BrowserWindow: { getAllWindows(): WindowLike[] };
  readonly Notification: NotificationClass;
}

export interface ElectronClient extends ElectronMain {
  readonly BrowserWindow: {
    getAllWindows(): WindowLike[];
    new (options: BrowserWindowConstructorOptions): WindowLike;
  };
  readonly Menu: {
    buildFromTemplate(template: MenuItemConstructorOptions[]): MenuLike;
    setApplicationMenu(menu: MenuLike | null): void;
  };
  readonly Tray: new (image: string) => TrayLike;
  readonly clipboard: { writeText(text: string): void };
  readonly dialog: {
    showMessageBox(options: MessageBoxOptions): Promise<{ readonly response: number }>;
  };
  readonly net: { isOnline(): boolean };
  readonly powerMonitor: { readonly on: Listen<{ readonly suspend: []; readonly resume: [] }> };
  readonly session: {
    readonly defaultSession: Pick<SessionLike, 'resolveProxy'>;
    fromPartition(partition: string, options: { cache: boolean }): SessionLike;
  };
  readonly shell: { openExternal(url: string): Promise<void> };
  readonly systemPreferences: {
    getUserDefault(key: string, type: 'boolean'): boolean;
    getUserDefault(key: string, type: 'string'): string;
  };
}

/** An event that can be prevented. */
export interface Preventable {
  readonly defaultPrevented: boolean;
  preventDefault(): void;
}

type Listener<Payload extends readonly unknown[]> = (...payload: Payload) => void;
type Together<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;
/** One overload for each event, as Electron's own types have them. */
export type Listen<Events extends { readonly [Name in keyof Events]: readonly unknown[] }> = Together<
  { [Name in keyof Events]: (name: Name, listener: Listener<Events[Name]>) => unknown }[keyof Events]
>;

interface AppEvents {
  readonly activate: [];
  readonly 'before-quit': [event: Preventable];
  readonly 'will-quit': [event: Preventable];
  readonly 'browser-window-focus': [];
  readonly 'open-url': [event: Preventable, url: string];
  readonly 'second-instance': [event: Preventable, argv: string[]];
  readonly 'web-contents-created': [event: Preventable, contents: ContentsLike];
  readonly 'window-all-closed': [];
}

export interface AppLike {
  readonly on: Listen<AppEvents>;
  readonly once: Listen<AppEvents>;
  readonly removeListener: Listen<AppEvents>;
  emit(name: string, ...payload: unknown[]): boolean;
  readonly isPackaged: boolean;
  getName(): string;
  getVersion(): string;
  getPath(name: 'userData' | 'exe'): string;
  getPreferredSystemLanguages(): string[];
  whenReady(): Promise<void>;
  enableSandbox(): void;
  focus(options?: { steal: boolean }): void;
  quit(): void;
  exit(status?: number): void;
  requestSingleInstanceLock(): boolean;
  setAsDefaultProtocolClient(protocol: string): boolean;
  isInApplicationsFolder(): boolean;
  moveToApplicationsFolder(options?: MoveToApplicationsFolderOptions): boolean;
  showAboutPanel(): void;
}

interface WindowEvents {
  readonly close: [event: Preventable];
  readonly closed: [];
  readonly 'ready-to-show': [];
}

export interface WindowLike {
  readonly on: Listen<WindowEvents>;
  readonly once: Listen<WindowEvents>;
  readonly removeListener: Listen<WindowEvents>;
  readonly webContents: ContentsLike;
  loadURL(url: string): Promise<void>;
  show(): void;
  showInactive(): void;
  close(): void;
  isDestroyed(): boolean;
}

interface ContentsEvents {
  readonly 'will-prevent-unload': [event: Preventable];
  readonly 'will-frame-navigate': [event: Preventable];
  readonly 'will-redirect': [event: Preventable];
  readonly 'will-attach-webview': [event: Preventable];
}

export interface ContentsLike {
  readonly on: Listen<ContentsEvents>;
  readonly removeListener: Listen<ContentsEvents>;
  readonly ipc: IpcLike;
  send(channel: string, ...values: unknown[]): void;
  setWindowOpenHandler(handler: () => { action: 'deny' }): void;
}

export interface IpcLike {
  handle(channel: string, listener: (event: IpcEvent, ...values: unknown[]) => unknown): void;
}

export interface IpcEvent {
  /** Null where it is gone already. */
  readonly senderFrame: FrameLike | null;
}

export interface FrameLike {
  readonly url: string;
  /** Null for the main frame of a window. */
  readonly parent: object | null;
}

export interface SessionLike {
  readonly on: Listen<{ readonly 'will-download': [event: Preventable] }>;
  readonly protocol: {
    handle(scheme: string, handler: (request: Request) => Response | Promise<Response>): void;
  };
  readonly webRequest: {
    onBeforeRequest(
      listener: (details: { readonly url: string }, callback: (answer: { cancel: boolean }) => void) => void,
    ): void;
  };
  resolveProxy(url: string): Promise<string>;
  setPermissionRequestHandler(
    handler: (contents: unknown, permission: string, callback: (isGranted: boolean) => void) => void,
  ): void;
  setPermissionCheckHandler(handler: () => boolean): void;
  setDevicePermissionHandler(handler: () => boolean): void;
}

export interface TrayLike {
  setToolTip(text: string): void;
  setContextMenu(menu: MenuLike | null): void;
}

export interface MenuLike {
  readonly items: readonly { readonly label: string }[];
}

interface NotificationClass {
  new (options: NotificationConstructorOptions): NotificationLike;
  isSupported(): boolean;
}

export interface NotificationLike {
  readonly on: Listen<{ readonly click: [] }>;
  show(): void;
}
