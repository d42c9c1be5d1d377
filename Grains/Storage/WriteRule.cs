namespace OrleansCache;

/// <summary>Whether a write may replace what is stored. Memory and file stores ask it; the Redis script says the same in Lua.</summary>
internal static class WriteRule
{
    /// <param name="stored">What is stored, its epoch raised by reads included; null when nothing is.</param>
    /// <param name="incoming">What would be written.</param>
    public static WriteVerdict Judge(RecordStamp? stored, RecordStamp incoming) => stored switch
    {
        null => WriteVerdict.Write,
        { } there when there.Epoch > incoming.Epoch => WriteVerdict.RefuseByEpoch,
        { } there when there == incoming => WriteVerdict.Repeated,
        { } there when there.Epoch == incoming.Epoch && there.Version > incoming.Version => WriteVerdict.RefuseByVersion,
        _ => WriteVerdict.Write,
    };
}

internal enum WriteVerdict : byte
{
    Write = 0,

    /// <summary>A newer owner has the key.</summary>
    RefuseByEpoch = 1,

    /// <summary>This owner wrote something newer.</summary>
    RefuseByVersion = 2,

    /// <summary>It is there already: this very write, repeated.</summary>
    Repeated = 3,
}
