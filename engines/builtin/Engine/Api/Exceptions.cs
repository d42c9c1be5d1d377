namespace OrleansCache.Engine;

/// <summary>A failure of the engine rather than of a grain.</summary>
public class OrleansException : Exception
{
    /// <summary>Without a message.</summary>
    public OrleansException() { }

    /// <summary>With a message.</summary>
    public OrleansException(string message) : base(message) { }

    /// <summary>With a message and a cause.</summary>
    public OrleansException(string message, Exception innerException) : base(message, innerException) { }
}

/// <summary>The call was refused before a grain saw it.</summary>
public class OrleansMessageRejectionException : OrleansException
{
    internal OrleansMessageRejectionException() { }

    internal OrleansMessageRejectionException(string message) : base(message) { }

    internal OrleansMessageRejectionException(string message, Exception innerException) : base(message, innerException) { }
}

/// <summary>No silo could be reached, or the connection broke while the call was under way: it may or may not have run.</summary>
public sealed class SiloUnavailableException : OrleansMessageRejectionException
{
    /// <summary>Without a message.</summary>
    public SiloUnavailableException() { }

    /// <summary>With a message.</summary>
    public SiloUnavailableException(string msg) : base(msg) { }

    /// <summary>With a message and a cause.</summary>
    public SiloUnavailableException(string message, Exception innerException) : base(message, innerException) { }
}

/// <summary>The process that holds an observer is not connected, or has forgotten the observer.</summary>
public sealed class ClientNotAvailableException : OrleansException
{
    internal ClientNotAvailableException(string message) : base(message) { }
}

/// <summary>The stored state changed behind the grain's back: its ETag is not the one that was read.</summary>
public class InconsistentStateException : OrleansException
{
    /// <summary>The ETag found in the store.</summary>
    public string? StoredEtag { get; private set; }

    /// <summary>The ETag that the grain held.</summary>
    public string? CurrentEtag { get; private set; }

    /// <summary>Without a message.</summary>
    public InconsistentStateException() { }

    /// <summary>With a message.</summary>
    public InconsistentStateException(string message) : base(message) { }

    /// <summary>With a message and a cause.</summary>
    public InconsistentStateException(string message, Exception? innerException) : base(message, innerException!) { }

    /// <summary>With both ETags.</summary>
    public InconsistentStateException(string errorMsg, string? storedEtag, string? currentEtag) : base(errorMsg) =>
        (StoredEtag, CurrentEtag) = (storedEtag, currentEtag);

    /// <summary>With both ETags and the store's own error.</summary>
    public InconsistentStateException(string errorMsg, string? storedEtag, string? currentEtag, Exception? storageException)
        : base(errorMsg, storageException!) => (StoredEtag, CurrentEtag) = (storedEtag, currentEtag);
}
