import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  KEYWORDS,
  type Match,
  REQUIREMENT_TYPES,
  type Requirement,
  type RequirementSet,
} from './requirement.ts';

/** A text that is no requirement. The message is the line codesign prints. */
export class RequirementSyntaxError extends Error {
  override readonly name = 'RequirementSyntaxError';
}

/** Reads the text of one requirement (Apple's requirements.grammar). Throws RequirementSyntaxError. */
export function parseRequirement(text: string): Requirement {
  const parser = new Parser(text);
  const requirement = parser.requirement();
  parser.end();
  return requirement;
}

/** Reads a set: `designated => … host => …`. Throws RequirementSyntaxError. */
export function parseRequirements(text: string): RequirementSet {
  const parser = new Parser(text);
  const set = new Map<number, Requirement>();
  do {
    const type = parser.requirementType();
    parser.take('=>');
    set.set(type, parser.requirement());
  } while (!parser.isAtEnd);
  return new Map([...set].sort(([a], [b]) => a - b));
}

type TokenKind = 'word' | 'string' | 'number' | 'hash' | 'hex' | 'path' | 'sign' | 'end';
interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly at: number;
}

const BLANK = /(?:[ \n\t]+|#[^\n]*|\/\*[\s\S]*?\*\/|\/\/[^\n]*)+/y;
const TOKENS: readonly (readonly [TokenKind, RegExp])[] = [
  ['hash', /H"([0-9a-fA-F]+)"/y],
  ['word', /([A-Za-z][A-Za-z0-9]*(?:\.(?:[A-Za-z][A-Za-z0-9]*|[0-9]+))*)/y],
  ['hex', /0x([0-9a-fA-F]+)/y],
  ['number', /([0-9]+)/y],
  ['string', /"((?:\\["\\]|[^"\\])*)"/y],
  ['path', /((?:\/[A-Za-z][A-Za-z0-9]*){2,})/y],
  ['sign', /(=>|==|<=|>=|[=~<>()[\]!*;,-])/y],
];

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = this.#split();
  }

  get isAtEnd(): boolean {
    return this.#peek().kind === 'end';
  }

  end(): void {
    if (!this.isAtEnd) throw this.#unexpected();
  }

  requirementType(): number {
    const token = this.#advance();
    if (token.kind === 'number') return Number(token.text);
    const type = (REQUIREMENT_TYPES as readonly string[]).indexOf(token.text);
    if (token.kind !== 'word' || type < 1) throw this.#unexpected(token);
    return type;
  }

  requirement(): Requirement {
    const requirement = this.#either();
    while (this.#tryTake(';'));
    return requirement;
  }

  take(text: string): void {
    if (!this.#tryTake(text)) throw this.#unexpected();
  }

  #either(): Requirement {
    let left = this.#both();
    while (this.#tryTake('or')) left = { kind: 'or', left, right: this.#both() };
    return left;
  }

  #both(): Requirement {
    let left = this.#primary();
    while (this.#tryTake('and')) left = { kind: 'and', left, right: this.#primary() };
    return left;
  }

  #primary(): Requirement {
    if (this.#tryTake('(')) {
      const inner = this.#isName(this.#peek()) ? this.#name('named-code') : this.#either();
      this.take(')');
      return inner;
    }
    if (this.#tryTake('!')) return { kind: 'not', operand: this.#primary() };
    const token = this.#advance();
    if (token.kind !== 'word') throw this.#unexpected(token);
    switch (token.text) {
      case 'always':
      case 'true':
        return { kind: 'true' };
      case 'never':
      case 'false':
        return { kind: 'false' };
      case 'notarized':
        return { kind: 'notarized' };
      case 'legacy':
        return { kind: 'legacy' };
      case 'identifier':
        this.#equals();
        return { kind: 'identifier', value: Buffer.from(this.#value(), 'utf8') };
      case 'cdhash':
        this.#equals();
        return { kind: 'cdhash', hash: this.#hash() };
      case 'platform':
        this.#equals();
        return { kind: 'platform', platform: this.#number() };
      case 'info':
      case 'entitlement':
        return { kind: token.text, key: this.#key(), match: this.#match() };
      case 'anchor':
        return this.#anchor();
      case 'certificate':
      case 'cert': {
        if (this.#tryTake('trusted')) return { kind: 'trusted' };
        const slot = this.#slot();
        return this.#tryTake('trusted') ? { kind: 'certificate-trusted', slot } : this.#certificate(slot);
      }
      default:
        throw this.#unexpected(token);
    }
  }

  #anchor(): Requirement {
    if (this.#tryTake('trusted')) return { kind: 'trusted' };
    if (this.#tryTake('generic')) {
      this.take('apple');
      return { kind: 'apple-generic' };
    }
    if (!this.#tryTake('apple')) return this.#certificate(-1);
    if (this.#tryTake('generic')) return { kind: 'apple-generic' };
    return this.#isName(this.#peek()) ? this.#name('named-anchor') : { kind: 'apple' };
  }

  #certificate(slot: number): Requirement {
    if (this.#peek().text !== '[') {
      this.#equals();
      return { kind: 'certificate-hash', slot, hash: this.#certificateHash() };
    }
    const key = this.#key();
    if (key.startsWith('subject.')) return { kind: 'certificate-field', slot, key, match: this.#match() };
    const [, kind, oid] = /^(field|extension|policy)\.([0-9]+(?:\.[0-9]+)+)$/.exec(key) ?? [];
    if (oid === undefined) throw new RequirementSyntaxError(`${key}: unrecognized certificate field`);
    return {
      kind: kind === 'policy' ? 'certificate-policy' : 'certificate-extension',
      slot,
      oid,
      match: this.#match(),
    };
  }

  #match(): Match {
    if (this.#tryTake('exists')) return { kind: 'exists' };
    if (this.#tryTake('absent')) return { kind: 'absent' };
    if (this.#tryTake('=') || this.#tryTake('==')) {
      const startsOpen = this.#tryTake('*');
      const value = this.#data();
      const endsOpen = this.#tryTake('*');
      if (startsOpen) return { kind: endsOpen ? 'contains' : 'ends-with', value };
      return { kind: endsOpen ? 'begins-with' : 'equal', value };
    }
    if (this.#tryTake('~')) return { kind: 'contains', value: this.#data() };
    if (this.#tryTake('<=')) return { kind: 'less-or-equal', value: this.#data() };
    if (this.#tryTake('>=')) return { kind: 'greater-or-equal', value: this.#data() };
    if (this.#tryTake('<')) return { kind: 'less', value: this.#data() };
    if (this.#tryTake('>')) return { kind: 'greater', value: this.#data() };
    return { kind: 'exists' };
  }

  #certificateHash(): Buffer {
    const token = this.#peek();
    if (token.kind !== 'path' && token.kind !== 'string') return this.#hash();
    this.#advance();
    try {
      return createHash('sha1').update(readFileSync(token.text)).digest();
    } catch (error) {
      throw new RequirementSyntaxError(`${token.text}: not found`, { cause: error });
    }
  }

  #hash(): Buffer {
    const token = this.#advance();
    if (token.kind !== 'hash') throw this.#unexpected(token);
    if (token.text.length !== 40) throw new RequirementSyntaxError('invalid hash length');
    return Buffer.from(token.text, 'hex');
  }

  #data(): Buffer {
    const token = this.#peek();
    if (token.kind !== 'hex') return Buffer.from(this.#value(), 'utf8');
    this.#advance();
    if (token.text.length % 2 !== 0) throw new RequirementSyntaxError('odd number of digits');
    return Buffer.from(token.text, 'hex');
  }

  #key(): string {
    this.take('[');
    const key = this.#value();
    this.take(']');
    return key;
  }

  #slot(): number {
    if (this.#tryTake('leaf')) return 0;
    if (this.#tryTake('root')) return -1;
    return this.#tryTake('-') ? -this.#number() : this.#number();
  }

  #number(): number {
    const token = this.#advance();
    if (token.kind !== 'number') throw this.#unexpected(token);
    return Number(token.text) | 0;
  }

  #name(kind: 'named-anchor' | 'named-code'): Requirement {
    return { kind, name: Buffer.from(this.#value(), 'utf8') };
  }

  #value(): string {
    const token = this.#advance();
    if (!this.#isName(token)) throw this.#unexpected(token);
    return token.text;
  }

  #isName(token: Token): boolean {
    return token.kind === 'string' || (token.kind === 'word' && !KEYWORDS.has(token.text));
  }

  #equals(): void {
    if (!this.#tryTake('=')) this.#tryTake('==');
  }

  #tryTake(text: string): boolean {
    const token = this.#peek();
    if (token.text !== text || (token.kind !== 'sign' && token.kind !== 'word')) return false;
    this.#next += 1;
    return true;
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', text: '', at: this.#text.length };
  }

  #advance(): Token {
    const token = this.#peek();
    this.#next += 1;
    return token;
  }

  #split(): readonly Token[] {
    const tokens: Token[] = [];
    let at = 0;
    while (at < this.#text.length) {
      BLANK.lastIndex = at;
      at += BLANK.exec(this.#text)?.[0].length ?? 0;
      if (at >= this.#text.length) break;
      const token = this.#tokenAt(at);
      if (token === null) throw this.#unexpected({ kind: 'sign', text: this.#text[at] ?? '', at });
      tokens.push({ kind: token.kind, text: token.text, at });
      at = token.end;
    }
    return tokens;
  }

  #tokenAt(at: number): { kind: TokenKind; text: string; end: number } | null {
    for (const [kind, pattern] of TOKENS) {
      pattern.lastIndex = at;
      const found = pattern.exec(this.#text);
      if (found === null) continue;
      const text = found[1] ?? '';
      return {
        kind,
        text: kind === 'string' ? text.replace(/\\(["\\])/g, '$1') : text,
        end: pattern.lastIndex,
      };
    }
    return null;
  }

  #unexpected(token: Token = this.#peek()): RequirementSyntaxError {
    const before = this.#text.slice(0, token.at).split('\n');
    const column = (before.at(-1)?.length ?? 0) + 1;
    const what = token.kind === 'end' ? 'unexpected end of file' : `unexpected token: ${token.text}`;
    return new RequirementSyntaxError(`line ${before.length}:${column}: ${what}`);
  }
}
