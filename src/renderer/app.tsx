import { useEffect, useLayoutEffect, useMemo, useState } from 'preact/hooks';
import type { WindowBridge, WindowModel } from '../electron/window-contract.ts';
import { parseWindowModel } from '../electron/window-schema.ts';
import { wordingFor } from '../texts/texts.ts';
import { describeTrouble } from './describe-trouble.ts';
import { describeView } from './describe-view.ts';
import { General } from './general.tsx';
import { LiveRegions } from './live-regions.tsx';
import { QaPanel } from './qa/qa-panel.tsx';
import { ScreenView } from './screen-view.tsx';
import { useFocus } from './use-focus.ts';
import { useKeys } from './use-keys.ts';
import { useNow } from './use-now.ts';
import { useRequests } from './use-requests.ts';
import { useSettled } from './use-settled.ts';

/** What arrived last: a model, something that is none, or nothing so far. */
type Arrival = { readonly model: WindowModel | null } | null;

/** The update window: shows what the main process sends, and sends what the person asks for. */
export function App({ bridge }: { readonly bridge: WindowBridge }) {
  const [arrival, setArrival] = useState<Arrival>(null);
  useEffect(() => bridge.onModel((value) => setArrival(read(value))), [bridge]);
  return arrival === null ? null : <Shown bridge={bridge} model={arrival.model} />;
}

function read(value: unknown): Arrival {
  try {
    return { model: parseWindowModel(value) };
  } catch (error) {
    console.error(error);
    return { model: null };
  }
}

function Shown({ bridge, model }: { readonly bridge: WindowBridge; readonly model: WindowModel | null }) {
  const now = useNow();
  const languages = model?.languages ?? navigator.languages;
  const tags = languages.join(' ');
  const wording = useMemo(() => wordingFor(tags.split(' ')), [tags]);
  const { texts, language } = wording;
  const screen = useMemo(
    () => (model === null ? describeTrouble(wording) : describeView(model, wording)),
    [model, wording],
  );
  const isSettled = useSettled(screen.key);
  const { send, notice } = useRequests(bridge, screen.key, texts);
  const heading = useFocus();
  useKeys({ screen, isSettled, send });
  useLayoutEffect(() => {
    document.documentElement.lang = language;
    document.title = model === null ? texts.trouble.title : texts.windowTitle({ app: model.appName });
  }, [language, texts, model]);

  return (
    <>
      <main data-settled={isSettled}>
        <ScreenView
          screen={screen}
          wording={wording}
          heading={heading}
          notice={notice}
          onAction={(action) => {
            if (isSettled) send(action.request);
          }}
          onLink={(url) => send({ kind: 'open-link', url })}
        >
          {model !== null && <General model={model} wording={wording} now={now} send={send} />}
        </ScreenView>
      </main>
      {model !== null && model.qa !== null && (
        <QaPanel qa={model.qa} channel={model.channel} wording={wording} send={send} />
      )}
      <LiveRegions screen={screen} notice={notice} />
    </>
  );
}
