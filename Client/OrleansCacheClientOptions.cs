using System.Text.Json;

namespace OrleansCache;

/// <summary>How this process reaches the cache: section <c>OrleansCache:Client</c>; code wins over configuration.</summary>
public sealed class OrleansCacheClientOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "OrleansCache:Client";

    /// <summary>How long a call goes on without an answer from an owner; over zero, up to an hour. A wait for a load that runs is not counted.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Where the cluster is: <c>host:port[,host:port]</c> of the silos' client ports, or <c>redis=HOST:PORT[,options]</c>.
    /// Filled from the named connection string.</summary>
    public string? Endpoints { get; set; }

    /// <summary>The cluster's name; the setting <c>OrleansCache:ClusterId</c> when null.</summary>
    public string? ClusterId { get; set; }

    /// <summary>This service, the first part of the region of each call that it caches: <c>service:serviceVersion:integration:method</c>.</summary>
    public string Service { get; set; } = "default";

    /// <summary>This service's version, the second part: another version has entries of its own.</summary>
    public string ServiceVersion { get; set; } = "1.0";

    /// <summary>TCP connections to each silo; 1 to 16.</summary>
    public int Connections { get; set; } = 1;

    /// <summary>Load a key of this process's own as soon as a silo is there, in the background: a first load would wait for the compiler, for some
    /// tens of milliseconds. Nothing waits for it, and its value ends after a second.</summary>
    public bool WarmUp { get; set; } = true;

    /// <summary>TLS to the silos; off by default.</summary>
    public ClientTlsOptions Tls { get; set; } = new();

    /// <summary>The region of <c>HybridCache</c>'s keys, whose policy the silo's <c>Regions</c> section may set.</summary>
    public string HybridRegion { get; set; } = "hybrid";

    /// <summary>The lifetime of <c>HybridCache</c> entries that name none; over zero, or <see cref="Timeout.InfiniteTimeSpan"/> for no end.</summary>
    public TimeSpan HybridExpiration { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How values without a serializer of their own become JSON. By default <see cref="JsonSerializerOptions.Web"/>: camel case,
    /// names compared without case, numbers in strings accepted. Set a <see cref="JsonSerializerOptions.TypeInfoResolver"/> of generated
    /// contexts to do without reflection.</summary>
    public JsonSerializerOptions Json { get; set; } = JsonSerializerOptions.Web;

    /// <summary>How long one message may stay without an answer: a lost one leaves time for a second.</summary>
    internal TimeSpan AttemptTimeout => CallTimeout / 2;

    /// <summary>How long one call waits at the owner: it answers well before the message is given up.</summary>
    internal TimeSpan Slice => CallTimeout / 4 is var quarter && quarter < LongestSlice ? quarter : LongestSlice;

    private static TimeSpan LongestSlice => TimeSpan.FromSeconds(2);
}

/// <summary>TLS from this process to the silos: section <c>OrleansCache:Client:Tls</c>.</summary>
public sealed class ClientTlsOptions
{
    /// <summary>Encrypt, and check the silo's certificate.</summary>
    public bool Enabled { get; set; }

    /// <summary>The name that the silo's certificate must carry; the host of the endpoint when null.</summary>
    public string? TargetHost { get; set; }

    /// <summary>A PEM file of certificate authorities to trust instead of the machine's.</summary>
    public string? CaFile { get; set; }

    /// <summary>A PEM file with this process's own certificate, for silos that ask for one.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>The PEM file of its private key; <see cref="CertificateFile"/> when null.</summary>
    public string? KeyFile { get; set; }
}
