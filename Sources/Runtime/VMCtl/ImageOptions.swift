// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CLinux
import ImageFormats
import Images
import Machines
import NetworkTypes

/// Where images are, and whence they come.
struct ImageOptions {
    let settings: Settings

    /// The store, which keeps what machines of this host use.
    func store() throws -> ImageStore {
        let settings = settings
        var images = ImageSettings(folder: "\(settings.stateFolder)/images", qemuImg: settings.qemuImg)
        if let folder = try HostOptions.folder("CONTRAIL_VM_IMAGE_DIR") { images.folder = folder }
        if let folder = try HostOptions.folder("CONTRAIL_VM_IMAGE_TRANSLATIONS") {
            images.translationsFolder = folder
        }
        if let word = HostOptions.variable("CONTRAIL_VM_DOWNLOAD_PROTOCOL") {
            guard let known = DownloadProtocol(rawValue: word) else {
                throw ValidationError("CONTRAIL_VM_DOWNLOAD_PROTOCOL must be https or http, not \"\(word)\".")
            }
            images.downloadProtocol = known
        }
        if let word = HostOptions.variable("CONTRAIL_VM_IMAGE_REGEXPS") {
            guard let flag = Bool(word) else {
                throw ValidationError("CONTRAIL_VM_IMAGE_REGEXPS must be true or false, not \"\(word)\".")
            }
            images.allowsPatterns = flag
        }
        if let word = HostOptions.variable("CONTRAIL_VM_IMAGE_RESERVE_MIB") {
            guard let number = UInt64(word), number < 1 << 40 else {
                throw ValidationError("CONTRAIL_VM_IMAGE_RESERVE_MIB must be a number, not \"\(word)\".")
            }
            images.reservedBytes = number << 20
        }
        if let text = HostOptions.variable("CONTRAIL_VM_IMAGE_LOCAL_ADDRESSES") {
            let words = text.split(whereSeparator: { $0 == "," || $0 == " " })
            images.localAddresses = try words.map { word in
                guard let range = EndpointRange(String(word)) else {
                    throw ValidationError(
                        "CONTRAIL_VM_IMAGE_LOCAL_ADDRESSES must be addresses like 127.0.0.1:8080, not \"\(word)\"."
                    )
                }
                return range
            }
        }
        if let word = HostOptions.variable("CONTRAIL_VM_IMAGE_ALLOW_UNKNOWN") {
            guard let flag = Bool(word) else {
                throw ValidationError(
                    "CONTRAIL_VM_IMAGE_ALLOW_UNKNOWN must be true or false, not \"\(word)\"."
                )
            }
            images.limits.takesUnknown = flag
        }
        return try ImageStore(images) { [images] () throws(ImageError) in
            do throws(MachineError) {
                let paths = try MachineRuntime.imagePaths(settings)
                return ImageStore.digests(ofPaths: paths, in: images.folder)
            } catch {
                throw ImageError(.system, "read which images are in use", error.description)
            }
        }
    }

    /// The file of an image: a path, or a name from the store.
    static func file(_ text: String, _ settings: Settings) throws -> String {
        let path = Run.absolute(text)
        let isPath = [".", "/"].contains { text.hasPrefix($0) }
        if isPath || access(path, F_OK) == 0 { return path }
        if let image = try ImageOptions(settings: settings).store().image(ImageSelector(text)) {
            return image.path
        }
        throw ImageError(
            .notFound,
            "use the image \(text)",
            "there is neither a file nor an image of this name",
            advice: "Pull it (vmctl pull \(text)), or import a file: vmctl image import FILE --name \(text)"
        )
    }
}

extension HostOptions {
    /// The image store.
    func images() throws -> ImageStore { try ImageOptions(settings: settings()).store() }
}
