namespace OrleansCache.Samples.Lab;

/// <summary>Where users are kept.</summary>
internal interface IUserTable
{
    /// <summary>Null when there is none.</summary>
    ValueTask<User?> FindAsync(int id, CancellationToken cancellationToken);

    /// <summary>True when the password is the user's.</summary>
    ValueTask<bool> KnowsAsync(string login, string password, CancellationToken cancellationToken);

    /// <summary>The user as it is then; null when there is none.</summary>
    ValueTask<User?> RenameAsync(int id, string name, CancellationToken cancellationToken);
}
