/** Does so much each second, and in the end for ever: for whoever counts the VM's steps and allocations. */
import * as ds from "@devicescript/core"

/** Turns of a loop, and blocks of 100 bytes, in each second. */
const SECONDS = [
    [0, 0],
    [1000, 0],
    [2000, 0],
    [10000, 0],
    [0, 0],
    [0, 10],
    [0, 1000],
    [Infinity, 0],
]

/** Turns of a loop that does nothing else. */
function spin(turns: number): void {
    for (let i = 0; i < turns; ++i);
}

function allocate(blocks: number): void {
    for (let i = 0; i < blocks; ++i) Buffer.alloc(100)
}

// the first use of a name makes an object that stays
allocate(1)
console.log("second 0")
for (const second of SECONDS) {
    await ds.sleep(1000)
    spin(second[0])
    allocate(second[1])
}
