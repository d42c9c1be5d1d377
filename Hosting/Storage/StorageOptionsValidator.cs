using Microsoft.Extensions.Options;

namespace OrleansCache;

[OptionsValidator]
internal sealed partial class StorageOptionsValidator : IValidateOptions<StorageOptions>;
