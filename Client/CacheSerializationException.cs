namespace OrleansCache;

/// <summary>A stored value is not of the type that was asked for.</summary>
public sealed class CacheSerializationException : Exception
{
    internal CacheSerializationException(string message, Exception innerException) : base(message, innerException) { }
}
