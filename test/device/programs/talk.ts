/** Says one line of each kind, then what it finds in its settings. */
import { readSetting } from "@devicescript/settings"

console.log("log line")
console.debug("debug line")
console.warn("warn line")
console.error("error line")
console.data({
    stream: "jobs",
    lag: 3,
    known: null,
    list: [1, "zwölf ☃", { "a b": -0.5 }],
})
console.data(
    JSON.stringify({
        text: 'a:1,} "q" \\u00e9',
        live: true,
        long: "0123456789012345678901234567890123456789012345678901234567890123456789",
    })
)
console.data({
    long: "0123456789012345678901234567890123456789012345678901234567890123456789",
    longer: "0123456789012345678901234567890123456789012345678901234567890123456789",
})

const name = await readSetting("NAME", "none")
const count = await readSetting("COUNT", -1)
const text = await readSetting("TEXT", "none")
const list = await readSetting("LIST", [0])
const flag = await readSetting("FLAG", true)
console.log(`NAME=${name} bytes=${Buffer.from(name).length}`)
console.log(`COUNT+1=${count + 1} TEXT+1=${text + 1}`)
console.log(`LIST=${list.length}/${list[1]} FLAG=${flag === false}`)
console.log("settings read")
