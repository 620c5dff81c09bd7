// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import ImageFormats
import LinuxSystem
public import RuntimeConfiguration

/// All translations of a node, and what becomes of names that none of them is for.
///
/// Order: files by name (as bytes). First fixed names, with a tag before those without one, in all files; then
/// patterns in all files; within a file in its order. The first that fits decides. Patterns see the name without
/// tag and digest.
public struct Translations: Sendable {
    let sets: [TranslationSet]
    let downloadProtocol: DownloadProtocol
    let allowsPatterns: Bool

    init(sets: [TranslationSet], downloadProtocol: DownloadProtocol = .https, allowsPatterns: Bool = true) {
        self.sets = sets
        self.downloadProtocol = downloadProtocol
        self.allowsPatterns = allowsPatterns
    }

    /// Reads all files `*.yaml` and `*.yml` of a folder; without the folder there is no translation.
    /// - Throws: `configuration` where a file is wrong, naming it: a file that is left out would change what the
    ///   others mean.
    public init(
        folder: String,
        downloadProtocol: DownloadProtocol,
        allowsPatterns: Bool
    ) throws(ImageError) {
        var sets: [TranslationSet] = []
        for file in try Self.files(of: folder) {
            sets.append(try TranslationSet(file: file.name, yaml: file.text))
        }
        self.init(sets: sets, downloadProtocol: downloadProtocol, allowsPatterns: allowsPatterns)
    }

    /// Where a name leads.
    func source(of reference: ImageReference) throws(ImageError) -> ImageSource {
        // As the specification of container images' names says.
        let tag = reference.tag ?? "latest"
        for wantsTag in [true, false] {
            for set in sets {
                guard let name = Self.rest(reference.name, behind: set.prefix) else { continue }
                for rule in set.rules {
                    guard case .fixed(name, let only, let url) = rule.match, (only != nil) == wantsTag,
                        only == nil || only == reference.tag
                    else { continue }
                    return try source(url, set, rule)
                }
            }
        }
        for set in sets where allowsPatterns {
            guard let name = Self.rest(reference.name, behind: set.prefix) else { continue }
            for rule in set.rules {
                guard case .pattern(let pattern, let template) = rule.match, let groups = pattern.match(name)
                else { continue }
                return try source(template.url(groups, tag: tag), set, rule)
            }
        }
        return ImageSource(
            url: try DownloadURL("\(downloadProtocol.rawValue)://\(reference.name)"),
            profile: TransportProfile(),
            origin: "without translation"
        )
    }

    private static func files(of folder: String) throws(ImageError) -> [(name: String, text: String)] {
        do throws(SystemError) {
            var files: [(name: String, text: String)] = []
            for name in try Files.list(folder) where name.hasSuffix(".yaml") || name.hasSuffix(".yml") {
                guard let bytes = try Files.read("\(folder)/\(name)") else { continue }
                files.append((name, String(decoding: bytes, as: UTF8.self)))
            }
            return files
        } catch {
            throw ImageError(.configuration, "read the translations", error.message)
        }
    }

    private func source(
        _ url: String,
        _ set: TranslationSet,
        _ rule: TranslationSet.Rule
    ) throws(ImageError) -> ImageSource {
        let origin = "by entry \(rule.number) of \(set.file)"
        let whole = url.contains("://") ? url : "\(downloadProtocol.rawValue)://\(url)"
        do throws(ImageError) {
            return ImageSource(url: try DownloadURL(whole), profile: set.profile(of: rule), origin: origin)
        } catch {
            throw ImageError(error.code, error.operation, "\(error.cause) (\(origin))")
        }
    }

    private static func rest(_ name: String, behind prefix: String) -> String? {
        guard name.hasPrefix(prefix) else { return nil }
        return String(name.dropFirst(prefix.count))
    }
}
