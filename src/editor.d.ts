/**
 * For editors alone; DeviceScript's compiler never reads it. An editor brings a newer TypeScript than DeviceScript's 4.9,
 * and since 5.6 `for ... of` asks for an iterator with `next`, which @devicescript/core does not declare: without this
 * every such loop is red (TS2488). Nothing here exists at run time.
 */
interface EditorIterator<T> {
    next(): { done?: boolean; value: T }
}
interface Array<T> {
    [Symbol.iterator](): EditorIterator<T>
}
interface String {
    [Symbol.iterator](): EditorIterator<string>
}
