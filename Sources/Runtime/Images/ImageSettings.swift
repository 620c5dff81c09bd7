// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import HostPrograms
public import ImageFormats
public import NetworkTypes
public import RuntimeConfiguration

/// Where images are kept, where they come from, and what is allowed.
public struct ImageSettings: Hashable, Sendable {
    /// The store's folder.
    public var folder: String
    /// The folder of translations.
    public var translationsFolder = "/etc/contrail-vm/images"
    /// The protocol of names that no translation leads elsewhere.
    public var downloadProtocol = DownloadProtocol.https
    /// Whether translations by patterns are of use.
    public var allowsPatterns = true
    /// The largest images.
    public var limits = ImageLimits()
    /// The bytes that must stay free on the store's file system.
    public var reservedBytes: UInt64 = 512 << 20
    /// How many seconds a partial file is kept for whoever asks for it again.
    public var partialSeconds: Int64 = 86_400
    /// QEMU's tool for images.
    public var qemuImg: HostProgram
    /// Local addresses from which images may come: of loopback, link-local and 0.0.0.0/8, which are refused otherwise.
    public var localAddresses: [EndpointRange] = []
    /// The most failures in a row after which a download is given up; one counts from the beginning, until bytes come.
    public var mostFailures = 2
    /// The pause before a download that was cut goes on, in milliseconds; it doubles up to a minute.
    public var firstPauseMilliseconds = 1000
    /// How many seconds a server may take to be found and to connect.
    public var connectSeconds = 10
    /// How many seconds a server may send less than 1 KiB a second.
    public var slowSeconds = 30

    /// The defaults; `folder`: like `/var/lib/contrail-vm/images`.
    public init(folder: String, qemuImg: HostProgram) {
        self.folder = folder
        self.qemuImg = qemuImg
    }

    var patience: Download.Patience {
        var patience = Download.Patience()
        patience.failures = mostFailures
        patience.firstPauseMilliseconds = firstPauseMilliseconds
        return patience
    }

    var pace: Transfer.Pace {
        var pace = Transfer.Pace()
        pace.connectSeconds = connectSeconds
        pace.slowSeconds = slowSeconds
        return pace
    }
}
