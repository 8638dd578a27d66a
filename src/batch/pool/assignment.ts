// SPDX-License-Identifier: MIT

/**
 * A task on its way to a thread. The thread says in memory that both share that it begins: a thread that ends takes with
 * it what it had begun, while what it had only been sent is given to another one.
 */
export interface Assignment<Task> {
  readonly task: Task;
  /** One number, 0 until the thread begins. */
  readonly begun: Int32Array<SharedArrayBuffer>;
}

/** An assignment that no thread has begun. */
export function assign<Task>(task: Task): Assignment<Task> {
  return { task, begun: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) };
}

/** Says that this thread begins; the task. */
export function begin<Task>({ task, begun }: Assignment<Task>): Task {
  Atomics.store(begun, 0, 1);
  return task;
}

/** Whether a thread has begun. */
export function isBegun({ begun }: Assignment<unknown>): boolean {
  return Atomics.load(begun, 0) !== 0;
}
