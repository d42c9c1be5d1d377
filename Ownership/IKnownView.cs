namespace OrleansCache;

/// <summary>The newest view that this process knows, for those who wait for a newer one. An engine that routes by itself has none.</summary>
internal interface IKnownView
{
    /// <summary>Its number; 0 for none.</summary>
    long Number { get; }

    /// <summary>Whom it gives each key.</summary>
    Placement Placement { get; }

    /// <summary>True when keys have different owners, and so another silo could take over.</summary>
    bool IsShared { get; }

    /// <summary>Ends when another view is known than was when this was asked for.</summary>
    Task Changed { get; }

    /// <summary>Somebody goes by this view: if it is newer, it is looked for at once.</summary>
    void Hint(long view);
}
