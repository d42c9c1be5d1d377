namespace OrleansCache;

/// <summary>What happens past fresh time.</summary>
public enum Strategy
{
    /// <summary>A reader past fresh time waits for the load; stale only if the load fails.</summary>
    Ttl = 0,

    /// <summary>A reader past fresh time gets the old value at once; the load runs behind it.</summary>
    Background = 1,

    /// <summary>
    /// Loaded again when fresh time ends, with nobody asking, until nobody has read it for some such periods; the next read brings it back.
    /// Readers never wait while an old value is there. For methods of integrations only.
    /// </summary>
    Eager = 2,

    /// <summary>
    /// The origin's version is asked for before a value is served: the same one serves it, another one loads. Past fresh time a reader waits for
    /// the load, as with <see cref="Ttl"/>.
    /// </summary>
    Versioned = 3,
}
