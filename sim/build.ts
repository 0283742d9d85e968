/** `npm run build`: compiles the firmware and prints its size by folder. */
import { relative } from "node:path"
import {
    bytecodeSizes,
    FUNCTIONS_LIMIT,
    functionsEnd,
    sizesText,
} from "./bytecode-sizes.ts"
import { buildFirmware } from "./firmware.ts"

const firmware = await buildFirmware()
const { file, sizeBytes } = firmware
console.log(`${relative(".", file)}: ${sizeBytes} bytes of bytecode`)
console.log(sizesText(bytecodeSizes(firmware)))
console.log(
    `functions end at ${functionsEnd(firmware)}; ${FUNCTIONS_LIMIT} is the runtime's limit`
)
