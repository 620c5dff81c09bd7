// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import HostPrograms
public import RuntimeConfiguration

extension ImageSettings {
    /// What the node's configuration says of images.
    public init(_ configuration: RuntimeConfiguration, qemuImg: HostProgram) {
        self.init(folder: configuration.imageFolder, qemuImg: qemuImg)
        translationsFolder = configuration.imageTranslationFolder
        downloadProtocol = configuration.imageDownloadProtocol
        allowsPatterns = configuration.translatesByRegularExpressions
        localAddresses = configuration.imageLocalAddresses
        limits.takesUnknown = configuration.takesUnknownImages
        reservedBytes = UInt64(configuration.imageReserve.bytes)
    }
}
