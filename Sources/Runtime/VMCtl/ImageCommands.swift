// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CLinux
import ImageFormats
import Images

/// The commands on the image store.
struct ImageCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image",
        abstract: "Import, list and remove images.",
        subcommands: [Import.self, Show.self, Details.self, Drop.self, Pin.self, Collect.self]
    )

    /// Takes a file into the store.
    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Copy a disk image, QCOW2 or raw, into the store.",
            discussion: "It is examined first. The image's id is printed."
        )

        @Argument(help: "The file.", completion: .file())
        var file: String

        @Option(help: "The name that the image gets: NAME, NAME:TAG or NAME@sha256:DIGEST.")
        var name: String

        @OptionGroup var host: HostOptions

        func run() async throws {
            let reference = try ImageReference(name)
            let meter = ProgressMeter(isTerminal: isatty(2) == 1)
            defer { meter.end() }
            let image = try await host.images().importFile(Run.absolute(file), as: reference) {
                meter.show($0)
            }
            Terminal.line(image.digest.description)
        }
    }

    /// Lists images.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List the images.")

        @Flag(name: .shortAndLong, help: "Print ids alone.")
        var quiet = false

        @OptionGroup var host: HostOptions

        func run() async throws {
            let images = try host.images().list()
            if quiet {
                for image in images { Terminal.line(image.digest.description) }
                return
            }
            var rows = [["NAME", "ID", "FORMAT", "FILE", "DISK", "PINNED"]]
            for image in images {
                let names = image.names.isEmpty ? ["-"] : image.names.map(\.description)
                for name in names {
                    rows.append([
                        name, String(image.digest.hex.prefix(12)), image.format.rawValue,
                        ProgressMeter.size(image.size), ProgressMeter.size(image.virtualSize),
                        image.isPinned ? "yes" : "",
                    ])
                }
            }
            for line in List.aligned(rows) { Terminal.line(line) }
        }
    }

    /// Tells what the store knows.
    struct Details: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "info",
            abstract: "Tell about an image, or about the store where none is named."
        )

        @Argument(help: "The image's name or id.")
        var image: String?

        @OptionGroup var host: HostOptions

        func run() async throws {
            let store = try host.images()
            guard let image else {
                let usage = try store.usage()
                Terminal.line("folder  \(usage.folder)")
                Terminal.line("images  \(try store.list().count)")
                Terminal.line("bytes   \(usage.usedBytes)")
                Terminal.line("inodes  \(usage.usedInodes)")
                return
            }
            let found = try ImageCommands.find(image, in: store)
            var rows = [
                ["id", found.digest.description], ["file", found.path], ["format", found.format.rawValue],
                ["bytes", String(found.size)], ["disk", String(found.virtualSize)],
                ["pinned", found.isPinned ? "yes" : "no"],
            ]
            rows += found.names.map { ["name", $0.description] }
            for line in List.aligned(rows) { Terminal.line(line) }
        }
    }

    /// Removes names and images.
    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rm",
            abstract: "Remove names, and images that have none left.",
            discussion: "An id removes all its names. Removing an image that is not there is no error."
        )

        @Argument(help: "Names or ids.")
        var images: [String]

        @Flag(help: "Remove the last name of an image in use, too; its content goes with its last user.")
        var force = false

        @OptionGroup var host: HostOptions

        func run() async throws {
            let store = try host.images()
            for image in images {
                let selector = try ImageSelector(image)
                if try !store.remove(selector, ifInUse: force ? .keepContent : .refuse) {
                    Terminal.note("There is no image \(image).")
                }
            }
        }
    }

    /// Keeps images from collection.
    struct Pin: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keep an image from being collected, or let it go again."
        )

        @Argument(help: "The image's name or id.")
        var image: String

        @Flag(help: "Let it go again.")
        var off = false

        @OptionGroup var host: HostOptions

        func run() async throws {
            let store = try host.images()
            let found = try ImageCommands.find(image, in: store)
            try store.setPinned(!off, .digest(found.digest))
        }
    }

    /// Removes what nobody needs.
    struct Collect: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "gc",
            abstract: "Remove images without name and user, and what killed pulls left.",
            discussion: "What a running pull works with is left alone."
        )

        @Flag(help: "Also what was loaded in part less than a day ago.")
        var partials = false

        @OptionGroup var host: HostOptions

        func run() async throws {
            let collected = try host.images().collect(allPartials: partials)
            for image in collected.images { Terminal.line(image.description) }
            Terminal.note(
                "\(collected.images.count) images (\(ProgressMeter.size(collected.bytes))) "
                    + "and \(collected.leftovers) leftovers removed."
            )
        }
    }

    static func find(_ text: String, in store: ImageStore) throws -> StoredImage {
        if let image = try store.image(ImageSelector(text)) { return image }
        throw ImageError(
            .notFound,
            "find the image \(text)",
            "the store has none",
            advice: "vmctl image list"
        )
    }
}
