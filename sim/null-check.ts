/**
 * `npm run lint:null`: the firmware's types say where something may be unknown. DeviceScript's libraries, which come as sources,
 * do not, so the compiler as it is cannot be asked; here only what is wrong in our own folders counts.
 */
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript-devicescript"

const ROOT = fileURLToPath(new URL("..", import.meta.url))
/** Where "unknown is never 0" is enforced by types. */
const FOLDERS = ["src/"]

const host: ts.ParseConfigFileHost = {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: diagnostic => {
        throw new Error(String(diagnostic.messageText))
    },
}
const { fileNames, options } = ts.getParsedCommandLineOfConfigFile(
    join(ROOT, "src", "tsconfig.json"),
    { strictNullChecks: true, noEmit: true },
    host
)!
const program = ts.createProgram(fileNames, options)
const checked = program
    .getSourceFiles()
    .filter(({ fileName }) =>
        FOLDERS.some(folder => fileName.startsWith(join(ROOT, folder)))
    )
const wrong = checked.flatMap(file => program.getSemanticDiagnostics(file))
console.log(
    ts.formatDiagnostics(wrong, {
        getCanonicalFileName: name => name,
        getCurrentDirectory: () => ROOT,
        getNewLine: () => "\n",
    }) + `${checked.length} files, ${wrong.length} errors`
)
process.exitCode = wrong.length > 0 || checked.length === 0 ? 1 : 0
