using System.Collections.Concurrent;

namespace OrleansCache.Samples.Lab;

/// <summary>Some users in memory, as <c>seed.sql</c> makes them, for a lab without a database.</summary>
internal sealed class MemoryUsers(int count) : IUserTable
{
    private readonly ConcurrentDictionary<int, User> _users = new(Enumerable.Range(1, count).Select(
        static n => KeyValuePair.Create(n, new User(n, $"user-{n}", $"Name of user {n}", $"user-{n}@lab.example"))));
    private readonly ConcurrentDictionary<string, string> _passwords = new(Enumerable.Range(1, count).Select(static n => KeyValuePair.Create($"user-{n}", $"password-{n}")));
    private int _finds;

    /// <summary>How often a user was looked up.</summary>
    public int Finds => _finds;

    public ValueTask<User?> FindAsync(int id, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _finds);
        return new(_users.GetValueOrDefault(id));
    }

    public ValueTask<bool> KnowsAsync(string login, string password, CancellationToken cancellationToken) =>
        new(_passwords.TryGetValue(login, out var known) && known == password);

    public ValueTask<User?> RenameAsync(int id, string name, CancellationToken cancellationToken)
    {
        while (_users.TryGetValue(id, out var user))
        {
            if (_users.TryUpdate(id, user with { Name = name }, user))
                return new(user with { Name = name });
        }

        return default;
    }
}
