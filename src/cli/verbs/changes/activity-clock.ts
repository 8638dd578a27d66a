// SPDX-License-Identifier: MIT

/** Adds up how long each of several activities takes, one after the other. */
export class ActivityClock implements Disposable {
  readonly #milliseconds: Map<string, number>;
  #current: { readonly activity: string; readonly since: number } | undefined;

  constructor(milliseconds: Map<string, number>) {
    this.#milliseconds = milliseconds;
  }

  /** Ends the activity before. */
  begin(activity: string): void {
    this.#end();
    this.#current = { activity, since: performance.now() };
  }

  [Symbol.dispose](): void {
    this.#end();
  }

  #end(): void {
    if (this.#current === undefined) return;
    const { activity, since } = this.#current;
    const before = this.#milliseconds.get(activity) ?? 0;
    this.#milliseconds.set(activity, Math.round(before + performance.now() - since));
    this.#current = undefined;
  }
}
