/** The shapes of window-contract.ts, as they are checked where they arrive: models in the window, requests in the main process. Pure. */

import * as v from 'valibot';
import { CHANNELS } from '../config.ts';
import { DECISION_REASONS } from '../errors.ts';
import type {
  OfferView,
  QaModel,
  QaRequest,
  UpdateView,
  WindowModel,
  WindowRequest,
} from './window-contract.ts';

type SchemaOf<Type> = v.GenericSchema<unknown, Type>;

const amount = v.pipe(v.number(), v.finite(), v.minValue(0));
const channel = v.picklist(CHANNELS);
const reason = v.picklist(DECISION_REASONS);
const text = v.string();
const maybeText = v.nullable(text);

const offer = v.strictObject({
  version: text,
  size: v.nullable(amount),
  releaseDate: maybeText,
  isCritical: v.boolean(),
  notes: maybeText,
}) satisfies SchemaOf<OfferView>;

const progress = v.strictObject({
  transferred: amount,
  total: amount,
  bytesPerSecond: amount,
  secondsLeft: v.nullable(amount),
});

const view = v.variant('kind', [
  v.strictObject({ kind: v.literal('idle') }),
  v.strictObject({ kind: v.literal('checking') }),
  v.strictObject({ kind: v.literal('up-to-date') }),
  v.strictObject({ kind: v.literal('available'), offer }),
  v.strictObject({
    kind: v.literal('downloading'),
    offer,
    progress: v.nullable(progress),
    isPaused: v.boolean(),
  }),
  v.strictObject({
    kind: v.literal('verifying'),
    offer,
    step: v.picklist(['opening', 'verifying', 'staging']),
  }),
  v.strictObject({
    kind: v.literal('ready'),
    offer,
    needsAuthorization: v.boolean(),
    installsOnQuit: v.boolean(),
  }),
  v.strictObject({ kind: v.literal('installing'), offer }),
  v.strictObject({
    kind: v.literal('failed'),
    failure: v.strictObject({ code: text, message: text, version: maybeText, at: text }),
  }),
  v.strictObject({ kind: v.literal('held'), reason, message: text, version: text, minimumOs: maybeText }),
  v.strictObject({ kind: v.literal('managed') }),
  v.strictObject({ kind: v.literal('installed'), from: text, offer }),
  v.strictObject({
    kind: v.literal('rolled-back'),
    from: text,
    to: text,
    reason: v.picklist(['failed-starts', 'requested', 'interrupted', 'package-failed']),
  }),
]) satisfies SchemaOf<UpdateView>;

const qa = v.strictObject({
  decision: v.nullable(v.strictObject({ action: text, reason, message: text })),
  facts: v.array(v.strictObject({ name: text, value: text, pretended: v.boolean() })),
  findings: v.array(v.strictObject({ code: text, severity: text, message: text })),
  candidates: v.array(v.strictObject({ url: text, kind: text })),
  network: v.array(
    v.strictObject({
      at: text,
      method: text,
      url: text,
      status: v.nullable(amount),
      bytes: amount,
      milliseconds: amount,
      error: maybeText,
    }),
  ),
  journal: v.array(text),
  manifestUrl: text,
}) satisfies SchemaOf<QaModel>;

const windowModel = v.strictObject({
  view,
  appName: text,
  currentVersion: text,
  channel,
  lastCheckedAt: maybeText,
  managed: v.strictObject({ updatesOff: v.boolean(), channel: v.nullable(channel) }),
  languages: v.array(text),
  qa: v.nullable(qa),
}) satisfies SchemaOf<WindowModel>;

/** Long enough for every address that there is (RFC 9110, 4.1 asks for 8000 octets), and no burden. */
const LONGEST_URL = 8000;
const url = v.pipe(text, v.maxLength(LONGEST_URL));

/** Which manifests are allowed is the policy's business; here it only has to be an address. */
const manifestUrl = v.pipe(url, v.check(isWebAddress));
const httpsUrl = v.pipe(url, v.check(isHttpsAddress));
/** DESIGN.md section 1: up to four parts of up to nine digits. macOS versions are of that form too. */
const version = v.pipe(text, v.regex(/^\d{1,9}(\.\d{1,9}){0,3}$/));

const qaRequest = v.strictObject({
  passesOver: v.strictObject({ rollout: v.boolean(), skip: v.boolean() }),
  channel,
  manifestUrl: v.nullable(manifestUrl),
  currentVersion: v.nullable(version),
  osVersion: v.nullable(version),
  bucket: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(9999))),
}) satisfies SchemaOf<QaRequest>;

const windowRequest = v.variant('kind', [
  v.strictObject({ kind: v.literal('check') }),
  v.strictObject({ kind: v.literal('download') }),
  v.strictObject({ kind: v.literal('pause') }),
  v.strictObject({ kind: v.literal('resume') }),
  v.strictObject({ kind: v.literal('cancel') }),
  v.strictObject({ kind: v.literal('restart') }),
  v.strictObject({ kind: v.literal('install-on-quit') }),
  v.strictObject({ kind: v.literal('skip') }),
  v.strictObject({ kind: v.literal('set-channel'), channel }),
  v.strictObject({ kind: v.literal('move-to-applications') }),
  v.strictObject({ kind: v.literal('open-app-management') }),
  v.strictObject({ kind: v.literal('open-link'), url: httpsUrl }),
  v.strictObject({ kind: v.literal('copy-report') }),
  v.strictObject({ kind: v.literal('close') }),
  v.strictObject({ kind: v.literal('qa-check'), request: qaRequest }),
]) satisfies SchemaOf<WindowRequest>;

/** The fields of a `QaRequest` in which a person can type something wrong. */
export type QaField = 'manifestUrl' | 'currentVersion' | 'osVersion' | 'bucket';
const QA_FIELDS: readonly QaField[] = ['manifestUrl', 'currentVersion', 'osVersion', 'bucket'];

/**
 * What came from the main process.
 *
 * @throws TypeError naming the first place that is wrong
 */
export function parseWindowModel(value: unknown): WindowModel {
  return parse(windowModel, value, 'A window model');
}

/**
 * What came from the window, which shows what came from the network and is trusted with nothing.
 *
 * @throws TypeError naming the first place that is wrong
 */
export function parseWindowRequest(value: unknown): WindowRequest {
  return parse(windowRequest, value, 'A request of the window');
}

/** The fields of a request, as far as they were filled in, that cannot be sent like this. */
export function findWrongFields(request: QaRequest): readonly QaField[] {
  const { issues = [] } = v.safeParse(qaRequest, request);
  const wrong = new Set(issues.map((issue) => v.getDotPath(issue)));
  return QA_FIELDS.filter((field) => wrong.has(field));
}

/** Whether an address may be handed to the browser: https, and no name or password hidden in it. */
export function isHttpsAddress(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, username, password } = new URL(address);
  return protocol === 'https:' && username === '' && password === '';
}

function isWebAddress(address: string): boolean {
  return URL.canParse(address) && ['https:', 'http:'].includes(new URL(address).protocol);
}

function parse<Type>(schema: SchemaOf<Type>, value: unknown, what: string): Type {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new TypeError(`${what} is not of the contract at "${v.getDotPath(issue) ?? ''}": ${issue.message}`);
}
