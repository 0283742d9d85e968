/** Names and servers' words in a log: one line, and nothing that moves a terminal. */
import * as ds from "@devicescript/core"
import { describe, expect, test } from "@devicescript/test"
import { Fault, LinkError } from "../../src/link/fault"
import { printable } from "../../src/link/printable"

function becomes(text: string, clean: string) {
    test(JSON.stringify(text), async () => {
        // many tests in a row are one run of the VM
        await ds.sleep(1)
        expect(printable(text)).toBe(clean)
    })
}

describe("what is printed", () => {
    becomes("", "")
    becomes("jobs/staff: lag 3", "jobs/staff: lag 3")
    becomes("g\nlight: not configured", "g?light: not configured")
    becomes("\r\n\t\u0000", "????")
    becomes("\u001b[2J\u001b]0;x\u0007", "?[2J?]0;x?")
    becomes("\u007f \u0080 \u009b31m \u009f", "? ? ?31m ?")
    becomes("a\u2028b\u2029c", "a?b?c")
    becomes("\u202edetrever\u2066 \u200f\u061c", "?detrever? ??")
    // what people write stays
    becomes(
        "M\u00fcller, \u65e5\u672c, \u20ac",
        "M\u00fcller, \u65e5\u672c, \u20ac"
    )
    becomes("\n", "?")
    becomes("x\n", "x?")
    test("an error of the link, whose words may be a server's", () => {
        expect(new LinkError(Fault.Other, "a\nb").message).toBe("a?b")
    })
})
