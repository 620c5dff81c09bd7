// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CLinux
import ImageFormats
import Images

/// The command that pulls an image into the store.
struct Pull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Pull an image into the store.",
        discussion: """
            The files in /etc/contrail-vm/images translate the name to a URL; without a translation the URL \
            is the name itself. What the server calls unchanged is not loaded again. A pull that was cut \
            short goes on where it was.

            The image's id is printed at the end.
            """
    )

    @Argument(help: "The image's name: NAME, NAME:TAG or NAME@sha256:DIGEST.")
    var name: String

    @Option(help: "A file with USER:PASSWORD in its first line.", completion: .file())
    var credentials: String?

    @Flag(name: .shortAndLong, help: "Do not tell how far it is.")
    var quiet = false

    @OptionGroup var host: HostOptions

    func run() async throws {
        let puller = ImagePuller(try host.images())
        let reference = try ImageReference(name)
        if !quiet { Terminal.note("Pulling from \(try puller.explain(reference))") }
        let meter = quiet ? nil : ProgressMeter(isTerminal: isatty(2) == 1)
        let image: StoredImage
        do {
            image = try await puller.pull(reference, credentials: try given()) { meter?.show($0) }
            meter?.end()
        } catch {
            meter?.end()
            throw error
        }
        Terminal.line(image.digest.description)
    }

    private func given() throws -> Credentials? {
        guard let credentials else { return nil }
        let text = try NetworkOptions.text(of: credentials)
        let line = String(text.prefix { $0 != "\n" && $0 != "\r\n" })
        guard let colon = line.firstIndex(of: ":") else {
            throw ValidationError("\(credentials) must hold USER:PASSWORD.")
        }
        return try Credentials.fromCRI(
            username: String(line[..<colon]),
            password: String(line[line.index(after: colon)...])
        )
    }
}
