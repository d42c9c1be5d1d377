namespace OrleansCache;

/// <summary>Why the last read was answered as it was.</summary>
internal enum EntryReason : byte
{
    Unasked = 0,
    Fresh = 1,
    StaleRefreshing = 2,
    StaleBackingOff = 3,
    StaleAfterFailure = 4,
    StaleOnly = 5,
    StaleUnproven = 6,
    Absent = 7,
    TagRaised = 8,
    Expired = 9,
    LoadedByCaller = 10,
    Loaded = 11,
    Joined = 12,
    LoadFailed = 13,
    Unproven = 14,
    StoreAway = 15,
    Overloaded = 16,
    StillLoading = 17,
    Cycle = 18,
    VersionUnknown = 19,
}

/// <summary>Reasons as sentences. They tell of the last answer, which a change or the end of a lifetime may have followed.</summary>
internal static class EntryReasons
{
    public static string Sentence(this EntryReason reason) => reason switch
    {
        EntryReason.Fresh => "A fresh value was there.",
        EntryReason.StaleRefreshing => "The value was past its fresh time: it was given at once, and a refresh runs behind it.",
        EntryReason.StaleBackingOff => "The value was past its fresh time; the last refresh failed, and the next try is not due yet.",
        EntryReason.StaleAfterFailure => "The value was past its fresh time; the load failed, and the old value may still be served.",
        EntryReason.StaleOnly => "The value was past its fresh time, and the read asked for no load.",
        EntryReason.StaleUnproven => "The silo could not prove that it still owns the key; the region allows the value it has.",
        EntryReason.Absent => "Nothing was there, and the read asked for no load.",
        EntryReason.TagRaised => "A tag of the value was raised after it was loaded.",
        EntryReason.Expired => "The value was past its stale time.",
        EntryReason.LoadedByCaller => "Nothing fresh was there: the caller got the lease to load.",
        EntryReason.Loaded => "Nothing fresh was there: the value was loaded for this read.",
        EntryReason.Joined => "Nothing fresh was there: the read joined a load in flight.",
        EntryReason.LoadFailed => "Nothing was there that may be served, and the load failed.",
        EntryReason.Unproven => "The silo could not prove that it still owns the key, and the region refuses then.",
        EntryReason.StoreAway => "Nothing was in memory, and the store could not be reached.",
        EntryReason.Overloaded => "Too many callers waited for this key.",
        EntryReason.StillLoading => "A load was still running; the caller was told to ask again.",
        EntryReason.Cycle => "The key was asked for while it was being loaded by the same call chain: the caller loads unshared.",
        EntryReason.VersionUnknown => "The origin's version is not known, and the method fails then.",
        _ => "Nobody has read the key since it came to this silo.",
    };
}
