import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonSink, JsonStream } from '../src/dataset/json-stream.js';
import { DatasetError } from '../src/errors.js';

/** Rebuilds the value from its events. */
class Builder implements JsonSink {
  value: unknown;
  readonly #open: { container: unknown[] | Map<string, unknown>; key: string }[] = [];

  #put(value: unknown): void {
    const top = this.#open.at(-1);
    if (top === undefined) this.value = value;
    else if (Array.isArray(top.container)) top.container.push(value);
    else top.container.set(top.key, value);
  }
  #begin(container: unknown[] | Map<string, unknown>): void {
    this.#put(container);
    this.#open.push({ container, key: '' });
  }
  beginObject(): void {
    this.#begin(new Map());
  }
  endObject(): void {
    this.#open.pop();
  }
  beginArray(): void {
    this.#begin([]);
  }
  endArray(): void {
    this.#open.pop();
  }
  key(name: string): void {
    this.#open.at(-1)!.key = name;
  }
  string(value: string): void {
    this.#put(value);
  }
  number(value: number): void {
    this.#put(value);
  }
  literal(value: boolean | null): void {
    this.#put(value);
  }
}

function read(bytes: Uint8Array, chunkSize: number): unknown {
  const builder = new Builder();
  const stream = new JsonStream(builder);
  for (let at = 0; at < bytes.length; at += chunkSize) stream.write(bytes.subarray(at, at + chunkSize));
  stream.end();
  return builder.value;
}

/** `JSON.parse`, with objects as maps. */
function parse(text: string): unknown {
  return JSON.parse(text, (_, value: unknown) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? new Map(Object.entries(value))
      : value,
  );
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('JsonStream', () => {
  it('reads what JSON.parse reads, wherever the input is cut', () => {
    const document = fc
      .jsonValue({ maxDepth: 4 })
      .filter((value) => !JSON.stringify(value).includes('__proto__'));
    fc.assert(
      fc.property(document, fc.integer({ min: 1, max: 40 }), fc.constantFrom(0, 1), (value, size, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(read(encode(text), size)).toEqual(parse(text));
      }),
      { numRuns: 500 },
    );
  });

  it('accepts and refuses the same texts as JSON.parse', () => {
    const base = '{"a":[1,-2.5e+3,0.1,"x\\n\\"y",true,false,null,{}],"b":{"c":[]}}';
    const edit = fc.record({
      at: fc.nat({ max: base.length }),
      remove: fc.nat({ max: 3 }),
      insert: fc.constantFrom('', ...'{}[],:"0-+.eE tfn\\u1 \n'),
    });
    let refused = 0;
    fc.assert(
      fc.property(
        fc.array(edit, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 9 }),
        (edits, size) => {
          let text = base;
          for (const { at, remove, insert } of edits)
            text = text.slice(0, at) + insert + text.slice(at + remove);
          let expected: unknown;
          try {
            expected = parse(text);
          } catch {
            refused++;
            expect(() => read(encode(text), size)).toThrow(DatasetError);
            return;
          }
          expect(read(encode(text), size)).toEqual(expected);
        },
      ),
      { numRuns: 3000 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  it('reads numbers to the last bit', () => {
    const number = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.integer({ min: -99_999_999, max: 99_999_999 }).map((n) => String(n / 1e6)),
      fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map(String),
      fc.tuple(fc.integer(), fc.integer({ min: -340, max: 340 })).map(([m, e]) => `${m}e${e}`),
    );
    fc.assert(
      fc.property(number, fc.integer({ min: 1, max: 5 }), (text, size) => {
        expect(read(encode(text), size)).toBe(JSON.parse(text));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['bytes that are not UTF-8', Uint8Array.from([0x22, 0xff, 0x22]), /malformed string/],
    ['half a surrogate pair', encode('"\\ud800"'), /surrogate/],
    ['a string without end', encode(`"${'x'.repeat(70_000)}`), /longer than/],
    ['a number without end', encode(`[${'1'.repeat(70_000)}`), /longer than/],
    ['bottomless nesting', encode('['.repeat(65)), /deeper/],
    ['nothing', encode(''), /middle of the document/],
    ['a second document', encode('1 2'), /end of the input/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => read(bytes, 1000)).toThrow(message);
  });

  it('names the byte at which it went wrong', () => {
    expect(() => read(encode('[1, 2, x]'), 2)).toThrow("at byte 7: expected a value, found 'x'");
  });
});
