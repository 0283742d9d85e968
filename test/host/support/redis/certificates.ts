/** A certificate authority of our own, and certificates by it, made by the openssl command. */
import { execFile } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"

export interface Certificate {
    cert: string
    key: string
}

export interface CertificateOptions {
    /** subjectAltName; default this computer. */
    names?: string
    /** Valid for so many days from now; 0 and less: expired. */
    days?: number
}

const THIS_COMPUTER = "DNS:localhost,IP:127.0.0.1"

/** All paths are of files in a temporary folder. */
export class Authority {
    private certificates = 0

    /** @throws Error if there is no openssl command */
    static async create(name: string): Promise<Authority> {
        const folder = await mkdtemp(join(tmpdir(), "laglight-ca-"))
        const authority = new Authority(folder)
        await authority.openssl([
            ...["req", "-x509", "-newkey", "ec"],
            ...["-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
            ...["-days", "2", "-subj", `/CN=${name}`],
            ...["-keyout", "ca.key", "-out", "ca.crt"],
        ])
        return authority
    }

    private constructor(private readonly folder: string) {}

    /** For NODE_EXTRA_CA_CERTS, or Redis's tls-ca-cert-file. */
    get file() {
        return join(this.folder, "ca.crt")
    }

    async issue({
        names = THIS_COMPUTER,
        days = 2,
    }: CertificateOptions = {}): Promise<Certificate> {
        const name = `server-${++this.certificates}`
        await writeFile(
            join(this.folder, `${name}.ext`),
            `subjectAltName=${names}\n`
        )
        await this.openssl([
            ...["req", "-newkey", "ec"],
            ...["-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
            ...["-subj", "/CN=laglight-test"],
            ...["-keyout", `${name}.key`, "-out", `${name}.csr`],
        ])
        await this.openssl([
            ...["x509", "-req", "-in", `${name}.csr`],
            ...["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"],
            ...["-extfile", `${name}.ext`, "-out", `${name}.crt`],
            ...["-days", String(days)],
        ])
        return {
            cert: join(this.folder, `${name}.crt`),
            key: join(this.folder, `${name}.key`),
        }
    }

    async stop() {
        await rm(this.folder, { recursive: true, force: true })
    }

    private async openssl(args: string[]) {
        await promisify(execFile)("openssl", args, { cwd: this.folder })
    }
}
