using Npgsql;

namespace OrleansCache.Samples.Lab;

/// <summary>The table <c>users</c> that <c>seed.sql</c> makes.</summary>
internal sealed class PostgresUsers(NpgsqlDataSource database) : IUserTable
{
    public async ValueTask<User?> FindAsync(int id, CancellationToken cancellationToken)
    {
        await using var query = database.CreateCommand("SELECT id, login, name, email FROM users WHERE id = $1");
        query.Parameters.Add(new NpgsqlParameter<int> { TypedValue = id });
        return await OneAsync(query, cancellationToken);
    }

    public async ValueTask<bool> KnowsAsync(string login, string password, CancellationToken cancellationToken)
    {
        await using var query = database.CreateCommand("SELECT 1 FROM users WHERE login = $1 AND password_hash = sha256(convert_to(salt || $2, 'UTF8'))");
        query.Parameters.Add(new NpgsqlParameter<string> { TypedValue = login });
        query.Parameters.Add(new NpgsqlParameter<string> { TypedValue = password });
        return await query.ExecuteScalarAsync(cancellationToken) is not null;
    }

    public async ValueTask<User?> RenameAsync(int id, string name, CancellationToken cancellationToken)
    {
        await using var query = database.CreateCommand("UPDATE users SET name = $2 WHERE id = $1 RETURNING id, login, name, email");
        query.Parameters.Add(new NpgsqlParameter<int> { TypedValue = id });
        query.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        return await OneAsync(query, cancellationToken);
    }

    private static async ValueTask<User?> OneAsync(NpgsqlCommand query, CancellationToken cancellationToken)
    {
        await using var row = await query.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? new(row.GetInt32(0), row.GetString(1), row.GetString(2), row.GetString(3)) : null;
    }
}
