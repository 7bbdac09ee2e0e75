/** A value from a JSON file together with its place there: a wrong one is refused by what, where and what instead. */
export class Checked {
  constructor(
    private readonly value: unknown,
    private readonly file: string,
    /** `mnist.files[0].size`; empty for the whole file. */
    private readonly place = '',
  ) {}

  /**
   * @throws Error always: `/.../manifest.json: mnist.files[0].size: got "big", expected a whole number of at least 1.`
   */
  fail(got: string, expected: string): never {
    throw new Error(`${[this.file, this.place].filter(Boolean).join(': ')}: got ${got}, expected ${expected}.`);
  }

  isObject(): boolean {
    return typeof this.value === 'object' && this.value !== null && !Array.isArray(this.value);
  }

  at(key: string): Checked {
    return this.optional(key) ?? this.inner(key, undefined).fail('nothing', 'a value');
  }

  optional(key: string): Checked | undefined {
    const object = this.object();
    return Object.hasOwn(object, key) ? this.inner(key, object[key]) : undefined;
  }

  /** A misspelt key would otherwise be overlooked in silence. */
  hasOnly(keys: readonly string[]): void {
    const unknown = Object.keys(this.object()).find((key) => !keys.includes(key));
    if (unknown !== undefined) this.fail(`the key "${unknown}"`, `only ${keys.join(', ')}`);
  }

  entries<T>(read: (value: Checked, key: string) => T): T[] {
    return Object.entries(this.object()).map(([key, value]) => read(this.inner(key, value), key));
  }

  checkName(name: string, form: RegExp, expected: string): void {
    if (!form.test(name)) this.fail(`the name ${JSON.stringify(name)}`, expected);
  }

  list<T>(read: (value: Checked) => T): T[] {
    if (!Array.isArray(this.value) || this.value.length === 0) this.fail(this.shown(), 'a list that is not empty');
    return (this.value as unknown[]).map((value, i) => read(new Checked(value, this.file, `${this.place}[${i}]`)));
  }

  text(form = /\S/, expected = 'a text'): string {
    if (typeof this.value !== 'string' || !form.test(this.value)) this.fail(this.shown(), expected);
    return this.value as string;
  }

  oneOf<T extends string>(words: readonly T[]): T {
    const word = words.find((candidate) => candidate === this.value);
    return word ?? this.fail(this.shown(), `one of ${words.map((known) => `"${known}"`).join(', ')}`);
  }

  url(form = /./, expected = 'an address that starts with https:// or http://'): string {
    const text = this.text(form, expected);
    if (!/^https?:\/\/[^\s]+$/.test(text) || !URL.canParse(text)) this.fail(this.shown(), expected);
    return text;
  }

  count(): number {
    if (!Number.isSafeInteger(this.value) || (this.value as number) < 1)
      this.fail(this.shown(), 'a whole number of at least 1');
    return this.value as number;
  }

  pair(): [number, number] {
    const numbers = this.list((value) => value.count());
    return numbers.length === 2 ? [numbers[0], numbers[1]] : this.fail(this.shown(), 'two whole numbers');
  }

  /** A list of texts, each once. */
  distinct(form?: RegExp, expected?: string): string[] {
    const texts = this.list((value) => value.text(form, expected));
    const twice = texts.find((text, i) => texts.indexOf(text) < i);
    return twice === undefined ? texts : this.fail(`"${twice}" twice`, 'each once');
  }

  private object(): Record<string, unknown> {
    return this.isObject() ? (this.value as Record<string, unknown>) : this.fail(this.shown(), 'an object { ... }');
  }

  private inner(key: string, value: unknown): Checked {
    return new Checked(value, this.file, [this.place, key].filter(Boolean).join('.'));
  }

  private shown(): string {
    return this.value === undefined ? 'nothing' : JSON.stringify(this.value).slice(0, 80);
  }
}
