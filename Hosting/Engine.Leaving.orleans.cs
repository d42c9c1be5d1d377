using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace OrleansCache;

/// <summary>
/// Engine <c>orleans</c>: Orleans' membership table, of which a silo takes its leave only while the store is there. By itself Orleans tries for
/// minutes to write that the silo ends, whatever the host's time for that is. The others find out by the view.
/// </summary>
internal sealed class LeavableMembershipTable(IMembershipTable table, IRedisDatabase redis, IHostApplicationLifetime lifetime) : IMembershipTable
{
    private MembershipTableData? _last;

    /// <summary>Puts itself in front of the table that Orleans was given.</summary>
    public static void Wrap(IServiceCollection services)
    {
        var found = services.Last(static service => service.ServiceType == typeof(IMembershipTable));
        services.Remove(found);
        services.AddSingleton<IMembershipTable>(provider => new LeavableMembershipTable(
            (IMembershipTable)(found.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, found.ImplementationType!)),
            provider.GetRequiredService<IRedisDatabase>(),
            provider.GetRequiredService<IHostApplicationLifetime>()));
    }

    public async Task<MembershipTableData> ReadAllAsync(CancellationToken cancellationToken) =>
        IsLeftAsItIs && _last is { } last ? last : _last = await table.ReadAllAsync(cancellationToken).ConfigureAwait(false);

    public Task<bool> UpdateRowAsync(MembershipEntry entry, string etag, TableVersion tableVersion, CancellationToken cancellationToken) =>
        IsLeftAsItIs ? Task.FromResult(true) : table.UpdateRowAsync(entry, etag, tableVersion, cancellationToken);

    public Task UpdateIAmAliveAsync(MembershipEntry entry, CancellationToken cancellationToken) =>
        IsLeftAsItIs ? Task.CompletedTask : table.UpdateIAmAliveAsync(entry, cancellationToken);

    public Task InitializeMembershipTableAsync(bool tryInitTableVersion, CancellationToken cancellationToken) => table.InitializeMembershipTableAsync(tryInitTableVersion, cancellationToken);

    public Task DeleteMembershipTableEntriesAsync(string clusterId, CancellationToken cancellationToken) => table.DeleteMembershipTableEntriesAsync(clusterId, cancellationToken);

    public Task CleanupDefunctSiloEntriesAsync(DateTimeOffset beforeDate, CancellationToken cancellationToken) => table.CleanupDefunctSiloEntriesAsync(beforeDate, cancellationToken);

    public Task<MembershipTableData> ReadRowAsync(SiloAddress key, CancellationToken cancellationToken) => table.ReadRowAsync(key, cancellationToken);

    public Task<bool> InsertRowAsync(MembershipEntry entry, TableVersion tableVersion, CancellationToken cancellationToken) => table.InsertRowAsync(entry, tableVersion, cancellationToken);

    // What Orleans had before.
    public Task<MembershipTableData> ReadAll() => ReadAllAsync(CancellationToken.None);

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => UpdateRowAsync(entry, etag, tableVersion, CancellationToken.None);

    public Task UpdateIAmAlive(MembershipEntry entry) => UpdateIAmAliveAsync(entry, CancellationToken.None);

    public Task InitializeMembershipTable(bool tryInitTableVersion) => InitializeMembershipTableAsync(tryInitTableVersion, CancellationToken.None);

    public Task DeleteMembershipTableEntries(string clusterId) => DeleteMembershipTableEntriesAsync(clusterId, CancellationToken.None);

    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => CleanupDefunctSiloEntriesAsync(beforeDate, CancellationToken.None);

    public Task<MembershipTableData> ReadRow(SiloAddress key) => ReadRowAsync(key, CancellationToken.None);

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => InsertRowAsync(entry, tableVersion, CancellationToken.None);

    private bool IsLeftAsItIs => lifetime.ApplicationStopping.IsCancellationRequested && !redis.IsConnected;
}
