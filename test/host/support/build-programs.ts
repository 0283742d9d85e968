/**
 * Compiles every device program that the tests run, before they do (`npm test` begins with it): two warm compilers take
 * less CPU time than one for each test file would. A test file that is run by itself compiles what it needs.
 */
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { buildFirmware } from "../../../sim/firmware.ts"

const ROOT = fileURLToPath(new URL("../../..", import.meta.url))

const programs = (folder: string, pattern: RegExp) =>
    readdirSync(`${ROOT}/${folder}`)
        .filter(name => pattern.test(name))
        .map(name => `${folder}/${name}`)

const suites = programs("test/device/programs", /^tests-of-/).map(file =>
    readFileSync(`${ROOT}/${file}`, "utf8")
)
const entries = [
    ...programs("src", /^main.*\.ts$/),
    ...programs("test/device/programs", /\.ts$/),
    // what no suite contains runs alone
    ...programs("test/device", /\.test\.ts$/).filter(
        file =>
            !suites.some(text =>
                text.includes(`"../${file.slice("test/device/".length, -3)}"`)
            )
    ),
]
const built = await Promise.allSettled(
    entries.map(entry => buildFirmware({ entry }))
)
// one that does not compile is for the tests to tell, which run all the same
const failed = built.filter(({ status }) => status === "rejected")
for (const { reason } of failed as PromiseRejectedResult[])
    console.error((reason as Error).message)
