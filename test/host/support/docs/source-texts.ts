/**
 * What the firmware's source says in words, read from its syntax: text and templates with at least two words, wherever they
 * stand, since a log line is put together from many places. Left out is what is no message: what a text is compared with,
 * enums, whose members other documents explain, and scripts for the server.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import ts from "typescript"

export interface SourceText {
    file: string
    line: number
    /** In the file's text. */
    position: number
    /** What stands between the placeholders of a template; one part if it has none. */
    parts: string[]
}

/** Methods whose argument is a text to compare with, not to say. */
const COMPARING = ["startsWith", "endsWith", "includes", "indexOf"]
/** A function that takes a list of such texts (src/link/fault.ts). */
const COMPARING_ALL = "faultIn"

export function sourceFiles(folder: string): string[] {
    return readdirSync(folder, { withFileTypes: true })
        .flatMap(entry => {
            const path = join(folder, entry.name)
            return entry.isDirectory() ? sourceFiles(path) : [path]
        })
        .filter(path => path.endsWith(".ts"))
        .sort()
}

export function parse(file: string) {
    return ts.createSourceFile(
        file,
        readFileSync(file, "utf8"),
        ts.ScriptTarget.ES2022,
        true
    )
}

/** Every node of a tree, parents first. */
export function* nodesOf(node: ts.Node): Generator<ts.Node> {
    yield node
    const children: ts.Node[] = []
    node.forEachChild(child => {
        children.push(child)
    })
    for (const child of children) yield* nodesOf(child)
}

/** The literal parts of a text; undefined if the node is none. */
export function partsOf(node: ts.Node): string[] | undefined {
    if (ts.isStringLiteralLike(node)) return [node.text]
    if (ts.isTemplateExpression(node))
        return [
            node.head.text,
            ...node.templateSpans.map(span => span.literal.text),
        ]
    return undefined
}

export function textsOf(file: string): SourceText[] {
    const tree = parse(file)
    const texts: SourceText[] = []
    for (const node of nodesOf(tree)) {
        const parts = partsOf(node)
        if (!parts || !isMessage(node) || !isInWords(parts)) continue
        if (parts[0].includes(SCRIPT)) continue
        const position = node.getStart()
        const { line } = tree.getLineAndCharacterOfPosition(position)
        texts.push({ file, line: line + 1, position, parts })
    }
    return texts
}

/** An error's message may be put together by one of these. */
const MESSAGE_MAKER = /^(why|openError|refusedText)$/

/**
 * What a desk tool can end with: the texts of all errors that it makes, those that are put together elsewhere included.
 * @throws Error for an error whose message cannot be followed, so that none is overlooked
 */
export function errorTextsOf(file: string): SourceText[] {
    const messages = [...nodesOf(parse(file))].flatMap(messageOf)
    return textsOf(file)
        .filter(({ position }) =>
            messages.some(({ pos, end }) => pos <= position && position < end)
        )
        .map(text => ({
            ...text,
            parts: text.parts.map(part => part.replace(/\s*\n\s*/g, " ")),
        }))
}

/** The part of the syntax tree that has an error's message in it, if this node makes one. */
function messageOf(node: ts.Node): ts.Node[] {
    if (
        ts.isNewExpression(node) &&
        /^(Desk)?Error$/.test(node.expression.getText())
    ) {
        const message = node.arguments![0]
        if (![...nodesOf(message)].some(saysSomething))
            throw new Error(
                `what does ${node.getText()} in ${node.getSourceFile().fileName} say? Teach messageOf to find out`
            )
        return [message]
    }
    if (ts.isFunctionDeclaration(node) && node.name?.text === "openError")
        return [node.body!]
    if (ts.isCallExpression(node)) {
        const name = node.expression.getText()
        const last = node.arguments.at(-1)
        if (name === "refuse") return [last!]
        // the others of this name take a word for what they wait for
        if (name.endsWith(".until") && ts.isArrowFunction(last!)) return [last]
    }
    return []
}

function saysSomething(node: ts.Node) {
    const parts = partsOf(node)
    return (
        (parts !== undefined && isInWords(parts)) ||
        (ts.isCallExpression(node) &&
            MESSAGE_MAKER.test(node.expression.getText()))
    )
}

/** What only a script for the server has in it. */
const SCRIPT = "redis.call("

function isMessage(node: ts.Node) {
    const { parent } = node
    if (
        ts.isImportDeclaration(parent) ||
        ts.isCaseClause(parent) ||
        ts.isEnumMember(parent) ||
        ts.isLiteralTypeNode(parent) ||
        // bytes: hex`00 af`
        ts.isTaggedTemplateExpression(parent)
    )
        return false
    if (ts.isArrayLiteralExpression(parent))
        return !(
            ts.isCallExpression(parent.parent) &&
            parent.parent.expression.getText() === COMPARING_ALL
        )
    return !(
        ts.isCallExpression(parent) &&
        ts.isPropertyAccessExpression(parent.expression) &&
        COMPARING.includes(parent.expression.name.text)
    )
}

/** A letter beside a space: keys, commands and punctuation have none. */
function isInWords(parts: string[]) {
    const whole = parts.join("\0")
    return / /.test(whole.trim()) && /[a-z]/i.test(whole)
}

/** Text for a regular expression. */
export function escaped(text: string) {
    return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
}

/** Finds the text, with anything in place of its placeholders. */
export function pattern({ parts }: SourceText) {
    // a placeholder at an end may stand for nothing; what is left of a sentence need not begin with its blank
    return new RegExp(
        parts
            .map(escaped)
            .join(".*")
            .replace(/^ +| +$/g, "")
    )
}
