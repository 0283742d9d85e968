/**
 * What an editor shows after `npm ci`: no red. A fresh copy of the project, its packages as npm brings them (of
 * DeviceScript's the command line tool alone), the same script that `npm ci` ends with, and the TypeScript of an editor,
 * with the tsconfig.json that it finds for each file.
 */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import {
    cpSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    symlinkSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, relative } from "node:path"
import { after, describe, test } from "node:test"
import { fileURLToPath } from "node:url"
import ts from "typescript"

const ROOT = fileURLToPath(new URL("../../..", import.meta.url))

/** What a clone does not have. */
const NOT_TRACKED = /^(node_modules|\.git|\.devicescript|\.env\.(.*\.)?local)$/
/** Device code, which an editor checks with a newer TypeScript than DeviceScript's own; host code is checked by `npm run lint`. */
const DEVICE_FOLDERS = ["src", "test/device"]
const FOLDERS = [...DEVICE_FOLDERS, "sim", "test/host"]
/** Declared by files of the compiler, and no packages: each board, and what its configuration starts. */
const DECLARED = /^@dsboard\/|^@devicescript\/servers$/
/** What the quick search for imports finds in a regular expression is none. */
const SPECIFIER = /^[\w@./-]+$/

const clone = mkdtempSync(join(tmpdir(), "laglight-editor-"))
after(() => rmSync(clone, { recursive: true, force: true }))

for (const name of readdirSync(ROOT))
    if (!NOT_TRACKED.test(name))
        cpSync(join(ROOT, name), join(clone, name), { recursive: true })
const packages = join(clone, "node_modules")
const devicescript = join(packages, "@devicescript")
mkdirSync(devicescript, { recursive: true })
for (const name of readdirSync(join(ROOT, "node_modules")))
    if (name !== "@devicescript")
        symlinkSync(join(ROOT, "node_modules", name), join(packages, name))
symlinkSync(
    join(ROOT, "node_modules", "@devicescript", "cli"),
    join(devicescript, "cli")
)

const typescriptFiles = FOLDERS.flatMap(folder =>
    readdirSync(join(clone, folder), { recursive: true, encoding: "utf8" })
        .filter(name => name.endsWith(".ts"))
        .map(name => join(clone, folder, name))
)

interface Project {
    config: string
    files: Set<string>
    options: ts.CompilerOptions
}
const projects = new Map<string, Project>()

/** As an editor does: the next tsconfig.json above. */
function projectOf(file: string): Project {
    const config = ts.findConfigFile(dirname(file), ts.sys.fileExists)
    assert.ok(config !== undefined, `${file}: no tsconfig.json above it`)
    assert.ok(config.startsWith(clone), `${file}: ${config}`)
    let project = projects.get(config)
    if (!project) {
        const { fileNames, options, errors } = ts.parseJsonConfigFileContent(
            ts.readConfigFile(config, ts.sys.readFile).config,
            ts.sys,
            dirname(config)
        )
        assert.deepEqual(errors, [], config)
        project = { config, files: new Set(fileNames), options }
        projects.set(config, project)
    }
    return project
}

/** `src/main.ts: @devicescript/core` for each import that leads nowhere. */
function unresolved() {
    return typescriptFiles.flatMap(file => {
        const { options } = projectOf(file)
        return ts
            .preProcessFile(readFileSync(file, "utf8"))
            .importedFiles.map(({ fileName }) => fileName)
            .filter(
                name =>
                    SPECIFIER.test(name) &&
                    !DECLARED.test(name) &&
                    !ts.resolveModuleName(
                        name,
                        file,
                        options,
                        ts.sys,
                        undefined,
                        undefined,
                        ts.ModuleKind.ESNext
                    ).resolvedModule
            )
            .map(name => `${relative(clone, file)}: ${name}`)
    })
}

describe("an editor, after npm ci", () => {
    test("has no red without the packages that `npm run setup` brings", () => {
        // else this file could not tell
        const missing = unresolved()
        assert.ok(missing.includes("src/laglight.ts: @devicescript/core"))
        assert.deepEqual(
            missing.filter(line => !line.includes(": @devicescript/")),
            []
        )
    })

    test("gets them from npm's last step, which says nothing", () => {
        const { scripts } = JSON.parse(
            readFileSync(join(clone, "package.json"), "utf8")
        )
        assert.ok("postinstall" in scripts)
        // a test runner's settings are not for this process
        const { NODE_TEST_CONTEXT: _, ...env } = process.env
        const { status, stdout, stderr } = spawnSync(
            "npm",
            ["run", "--silent", "postinstall"],
            {
                cwd: clone,
                // as in CI, and without a way to the internet
                env: { ...env, CI: "true", HTTPS_PROXY: "http://127.0.0.1:9" },
                encoding: "utf8",
            }
        )
        assert.equal(status, 0, stdout + stderr)
        assert.equal(stdout + stderr, "")
        assert.ok(existsSync(join(devicescript, "core", "package.json")))
        // the device's projects include some of the new files
        projects.clear()
    })

    test("finds every import of every file", () => {
        assert.ok(typescriptFiles.length > 200)
        assert.deepEqual(unresolved(), [])
    })

    test("finds a tsconfig.json for every file, and the file is in it", () => {
        assert.deepEqual(
            typescriptFiles
                .filter(file => !projectOf(file).files.has(file))
                .map(file => relative(clone, file)),
            []
        )
    })

    for (const folder of DEVICE_FOLDERS)
        test(`shows no red in ${folder}`, () => {
            const own = typescriptFiles.filter(file =>
                file.startsWith(join(clone, folder))
            )
            const { files, options } = projectOf(own[0])
            const program = ts.createProgram([...files], {
                ...options,
                noEmit: true,
            })
            const red = own.flatMap(file => {
                const source = program.getSourceFile(file)!
                return [
                    ...program.getSyntacticDiagnostics(source),
                    ...program.getSemanticDiagnostics(source),
                ]
            })
            assert.equal(ts.formatDiagnostics(red, host), "")
        })
})

const host: ts.FormatDiagnosticsHost = {
    getCurrentDirectory: () => clone,
    getCanonicalFileName: name => name,
    getNewLine: () => "\n",
}
