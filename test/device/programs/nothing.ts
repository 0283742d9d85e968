/**
 * A program that does nothing. `npm run setup` compiles it, because the compiler first puts its packages
 * (`@devicescript/core` and the others) into node_modules: in a third of the time that the firmware would take, and also
 * while the firmware does not compile.
 */
export {}
