/** Draws the pictures of the documentation that follow from data into docs/images: `npm run pictures`. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { pictures } from "./pictures.ts"

const FOLDER = fileURLToPath(new URL("../../docs/images", import.meta.url))

mkdirSync(FOLDER, { recursive: true })
for (const [name, svg] of pictures()) {
    writeFileSync(join(FOLDER, name), svg)
    console.log(`docs/images/${name}: ${svg.length} bytes`)
}
