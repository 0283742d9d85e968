/** `npm run build`: compiles the firmware and says what it weighs. */
import { relative } from "node:path"
import { buildFirmware } from "./firmware.ts"

const { file, sizeBytes } = await buildFirmware()
console.log(`${relative(".", file)}: ${sizeBytes} bytes of bytecode`)
