namespace OrleansCache;

/// <summary>Stored bytes that are not a record this version can read.</summary>
internal sealed class RecordFormatException(string message) : Exception(message);
